/*-------------------------------------------------------------------------
 *
 * foreign_count.c
 *	  Rows referred to by several columns, counted: a key may consist of them.
 *
 * Must never count two rows that look the same in the columns of the key.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "rows/value/generator.h"

static void note_columns(RowsPlan *plan, RowsForeign *foreign, List *columns);
static void build_index(RowsForeign *foreign);
static uint32 hash_row(const RowsForeign *foreign, const Datum *values);
static bool same_row(const RowsForeign *foreign, const Datum *left, const Datum *right);

/*
 * How many rows differ in the columns given: those of a key.  Rows that look
 * like another one are left out.  0 when they cannot be counted.
 */
uint64
rows_count_foreign(RowsPlan *plan, RowsForeign *foreign, List *columns)
{
	uint64		kept = 0;
	int			nparts;
	RowsForeign **parts = rows_joined_parts(foreign, &nparts);

	note_columns(plan, foreign, columns);
	for (int i = 0; i < nparts; i++)
	{
		uint64		before = parts[i]->nparents;

		/* which of several alike would agree with the other parts is not known */
		if (rows_count_foreign(plan, parts[i], columns) != before)
			return 0;
	}
	if (nparts > 0)
		return foreign->nparents;

	build_index(foreign);
	for (uint64 row = 0; row < foreign->nparents; row++)
	{
		uint64		ordinal;

		/* the index answers with the first of those alike */
		if (!rows_decode_foreign(foreign, foreign->values + row * foreign->ncolumns, &ordinal) || ordinal != row)
			continue;
		memmove(foreign->values + kept++ * foreign->ncolumns, foreign->values + row * foreign->ncolumns,
				sizeof(Datum) * foreign->ncolumns);
	}
	if (kept < foreign->nparents)
	{
		foreign->nparents = kept;
		build_index(foreign);
	}
	return kept;
}

static void
note_columns(RowsPlan *plan, RowsForeign *foreign, List *columns)
{
	foreign->counts = palloc0(sizeof(bool) * foreign->ncolumns);
	for (int i = 0; i < foreign->ncolumns; i++)
		foreign->counts[i] = list_member_ptr(columns, &plan->columns[foreign->attnums[i] - 1]);
}

/* Which of the rows is it?  Only the columns of the key are looked at. */
bool
rows_decode_foreign(RowsForeign *foreign, const Datum *values, uint64 *ordinal)
{
	RowsIndexEntry *index = foreign->index;
	uint32		hash;

	if (foreign->join != NULL)
		return rows_joined_ordinal(foreign, values, ordinal);
	hash = hash_row(foreign, values);
	for (uint64 i = rows_first_of_hash(index, foreign->nparents, hash);
		 i < foreign->nparents && index[i].hash == hash; i++)
	{
		if (same_row(foreign, values, foreign->values + index[i].choice * foreign->ncolumns))
		{
			*ordinal = index[i].choice;
			return true;
		}
	}
	return false;
}

static void
build_index(RowsForeign *foreign)
{
	RowsIndexEntry *index = MemoryContextAllocHuge(GetMemoryChunkContext(foreign),
												   sizeof(RowsIndexEntry) * Max(foreign->nparents, 1));

	for (uint64 row = 0; row < foreign->nparents; row++)
	{
		index[row].hash = hash_row(foreign, foreign->values + row * foreign->ncolumns);
		index[row].choice = row;
	}
	rows_sort_by_hash(index, foreign->nparents);
	foreign->index = index;
}

static uint32
hash_row(const RowsForeign *foreign, const Datum *values)
{
	uint32		hash = 0;

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
