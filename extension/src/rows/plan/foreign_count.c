/*-------------------------------------------------------------------------
 *
 * foreign_count.c
 *	  Counts referenced rows, so that foreign key columns can be part of a unique
 *	  index.
 *
 * Two rows that are equal in the columns of the unique index must not both count.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"

static void note_columns(RowsPlan *plan, RowsForeign *foreign, List *columns);

/*
 * Number of referenced rows that differ in the given columns of a unique index.  Keeps
 * only the first of equal rows.  0 if the rows cannot be counted.
 */
uint64
rows_count_foreign(RowsPlan *plan, RowsForeign *foreign, List *columns)
{
	uint64 kept = 0;
	int nparts;
	RowsForeign **parts = rows_joined_parts(foreign, &nparts);

	note_columns(plan, foreign, columns);
	for (int i = 0; i < nparts; i++)
	{
		uint64 before = parts[i]->nparents;

		/* the join does not tell which of several equal rows agrees with the other parts */
		if (rows_count_foreign(plan, parts[i], columns) != before)
			return 0;
	}
	if (nparts > 0)
		return foreign->nparents;

	rows_hash_parents(foreign);
	for (uint64 row = 0; row < foreign->nparents; row++)
	{
		uint64 ordinal;

		CHECK_FOR_INTERRUPTS();
		/* the lookup returns the first of equal rows */
		if (!rows_find_parent(foreign, foreign->values + row * foreign->ncolumns, &ordinal) ||
			ordinal != row)
			continue;
		memmove(foreign->values + kept++ * foreign->ncolumns,
				foreign->values + row * foreign->ncolumns, sizeof(Datum) * foreign->ncolumns);
	}
	if (kept < foreign->nparents)
	{
		foreign->nparents = kept;
		rows_hash_parents(foreign);
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

/* Ordinal of the row, or combination of rows, by the columns of the unique index. */
bool
rows_decode_foreign(RowsForeign *foreign, const Datum *values, uint64 *ordinal)
{
	if (foreign->join != NULL)
		return rows_joined_ordinal(foreign, values, ordinal);
	return rows_find_parent(foreign, values, ordinal);
}
