/*-------------------------------------------------------------------------
 *
 * foreign_null.c
 *	  Nulls in foreign keys of several columns.
 *
 * All columns of a key are null in the same rows.  With MATCH FULL they must be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"

static void take_whole_key(RowsPlan *plan, RowsForeign *foreign);

/* Set the fraction of nulls of each column of such a key. */
void
rows_plan_foreign_nulls(RowsPlan *plan)
{
	for (int i = 0; i < plan->natts; i++)
	{
		RowsColumn *column = &plan->columns[i];
		bool nullable;

		if (column->kind != ROWS_COLUMN_FOREIGN)
			continue;
		nullable = rows_takes_null(plan, column->attnum);
		if (column->options != NULL && column->options->null_fraction > 0 && !nullable)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s.null_fraction\" asks for nulls in a column that takes none",
							NameStr(TupleDescAttr(RelationGetDescr(plan->rel), i)->attname))));
		if (column->options != NULL && column->options->null_fraction >= 0)
			column->null_below = column->options->null_fraction;
		else
			column->null_below = nullable ? plan->options->null_fraction : 0;
		column->foreign->has_nulls |= (column->null_below > 0);
	}
	for (int i = 0; i < plan->natts; i++)
	{
		RowsColumn *column = &plan->columns[i];

		if (column->kind == ROWS_COLUMN_FOREIGN && column->component == 0 &&
			column->foreign->match_full && column->foreign->has_nulls)
			take_whole_key(plan, column->foreign);
	}
}

/* MATCH FULL: all columns are null, or none. */
static void
take_whole_key(RowsPlan *plan, RowsForeign *foreign)
{
	double most = 0;
	bool nullable = true;

	for (int i = 0; i < foreign->ncolumns; i++)
	{
		most = Max(most, plan->columns[foreign->attnums[i] - 1].null_below);
		nullable &= rows_takes_null(plan, foreign->attnums[i]);
	}
	for (int i = 0; i < foreign->ncolumns; i++)
		plan->columns[foreign->attnums[i] - 1].null_below = nullable ? most : 0;
	foreign->has_nulls = nullable;
}
