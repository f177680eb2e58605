/*-------------------------------------------------------------------------
 *
 * source_column.c
 *	  Maps a column of the named table or view to the column of the underlying table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/plan/source_column.h"

/* Do rows of the load refer to this column of each other?  Then their source must know it. */
bool
rows_refers_to_rows(RowsPlan *plan, AttrNumber attnum)
{
	ListCell *cell;

	foreach (cell, plan->hierarchies)
	{
		RowsHierarchy *hierarchy = lfirst(cell);

		for (int i = 0; i < hierarchy->ncolumns; i++)
		{
			if (hierarchy->referenced[i] == attnum)
				return true;
		}
	}
	return false;
}

/*
 * Returns the column of the table for a column of the named table or view, or
 * InvalidAttrNumber if no value is made for it here.
 */
AttrNumber
rows_source_column(RowsPlan *plan, int attribute, bool with_defaults)
{
	AttrNumber source = plan->view_columns != NULL ? plan->view_columns[attribute] : attribute + 1;

	if (TupleDescAttr(RelationGetDescr(plan->target), attribute)->attisdropped || source <= 0)
		return InvalidAttrNumber;
	switch (plan->columns[source - 1].kind)
	{
		case ROWS_COLUMN_NOTHING:
			return InvalidAttrNumber;
		case ROWS_COLUMN_SEQUENCE:
			return rows_refers_to_rows(plan, source) ? source : InvalidAttrNumber;
		case ROWS_COLUMN_DEFAULT:
			if (rows_refers_to_rows(plan, source))
				return source;
			return with_defaults && !plan->columns[source - 1].is_volatile ? source
																		   : InvalidAttrNumber;
		default:
			return source;
	}
}
