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

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"

static void note_columns(RowsPlan *plan, RowsForeign *foreign, List *columns);

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

	rows_hash_parents(foreign);
	for (uint64 row = 0; row < foreign->nparents; row++)
	{
		uint64		ordinal;

		/* the index answers with the first of those alike */
		if (!rows_find_parent(foreign, foreign->values + row * foreign->ncolumns, &ordinal) || ordinal != row)
			continue;
		memmove(foreign->values + kept++ * foreign->ncolumns, foreign->values + row * foreign->ncolumns,
				sizeof(Datum) * foreign->ncolumns);
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

/* Which of the rows, or of the combinations of rows, is it?  Only the columns of the key are looked at. */
bool
rows_decode_foreign(RowsForeign *foreign, const Datum *values, uint64 *ordinal)
{
	if (foreign->join != NULL)
		return rows_joined_ordinal(foreign, values, ordinal);
	return rows_find_parent(foreign, values, ordinal);
}
