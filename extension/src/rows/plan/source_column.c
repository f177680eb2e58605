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
		case ROWS_COLUMN_SEQUENCE:
			return InvalidAttrNumber;
		case ROWS_COLUMN_DEFAULT:
			return with_defaults && !plan->columns[source - 1].is_volatile ? source
																		   : InvalidAttrNumber;
		default:
			return source;
	}
}
