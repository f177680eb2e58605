/*-------------------------------------------------------------------------
 *
 * parents_hash.c
 *	  Looks up rows of a referenced table by the hash of their columns in a unique
 *	  index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/value/hash.h"

static uint32 hash_row(const RowsForeign *foreign, const Datum *values);
static bool same_row(const RowsForeign *foreign, const Datum *left, const Datum *right);

/* Sort the rows by the hash of their columns in the unique index, for rows_find_parent(). */
void
rows_hash_parents(RowsForeign *foreign)
{
	RowsIndexEntry *index = MemoryContextAllocHuge(GetMemoryChunkContext(foreign),
												   sizeof(RowsIndexEntry) * Max(foreign->nparents, 1));

	for (uint64 row = 0; row < foreign->nparents; row++)
	{
		CHECK_FOR_INTERRUPTS();
		index[row].hash = hash_row(foreign, foreign->values + row * foreign->ncolumns);
		index[row].choice = row;
	}
	rows_sort_by_hash(index, foreign->nparents);
	foreign->index = index;
}

/* Finds a row by its columns in the unique index. */
bool
rows_find_parent(RowsForeign *foreign, const Datum *values, uint64 *ordinal)
{
	RowsIndexEntry *index = foreign->index;
	uint32 hash;

	hash = hash_row(foreign, values);
	for (uint64 i = rows_first_of_hash(index, foreign->nparents, hash);
		 i < foreign->nparents && index[i].hash == hash; i++)
	{
		/* nobody promises that rows of one hash are few */
		CHECK_FOR_INTERRUPTS();
		if (same_row(foreign, values, foreign->values + index[i].choice * foreign->ncolumns))
		{
			*ordinal = index[i].choice;
			return true;
		}
	}
	return false;
}

static uint32
hash_row(const RowsForeign *foreign, const Datum *values)
{
	uint32 hash = 0;

	for (int i = 0; i < foreign->ncolumns; i++)
	{
		if (foreign->counts[i])
			hash = hash_combine(hash, rows_hash_datum(values[i], foreign->types[i]));
	}
	return hash;
}

static bool
same_row(const RowsForeign *foreign, const Datum *left, const Datum *right)
{
	for (int i = 0; i < foreign->ncolumns; i++)
	{
		if (foreign->counts[i] && !rows_same_datum(left[i], right[i], foreign->types[i]))
			return false;
	}
	return true;
}
