/*-------------------------------------------------------------------------
 *
 * bounds.c
 *	  Bounds of a column's values: initialization, and what happens if no value is
 *	  left.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/compat.h"
#include "rows/value/bounds.h"

void
rows_init_bounds(RowsBounds *bounds)
{
	memset(bounds, 0, sizeof(RowsBounds));
	bounds->min_length = bounds->max_length = -1;
}

/* No value satisfies the bounds: raise an error, or mark a partition that gets no row. */
void
rows_no_value(Oid type, RowsBounds *bounds)
{
	bounds->is_empty = true;
	if (!bounds->may_be_empty)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 bounds->column == NULL
					 ? errmsg("no value of type %s lies within the bounds of the column",
							  format_type_be(type))
					 : errmsg("no value of type %s lies within the bounds of column \"%s\" of table \"%s\"",
							  format_type_be(type), bounds->column, bounds->subject->table),
				 errdetail("The CHECK constraints and options of the column leave an empty range."),
				 errhint(
					 "See poc_explain_rows() for the columns; widen the constraint or the option.")));
}
