/*-------------------------------------------------------------------------
 *
 * source_column.h
 *	  Which column of the table stands behind a column of what was named.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_SOURCE_COLUMN_H
#define POC_ROWS_PLAN_SOURCE_COLUMN_H

#include "rows/plan/parts.h"

extern AttrNumber rows_source_column(RowsPlan *plan, int attribute, bool with_defaults);

#endif							/* POC_ROWS_PLAN_SOURCE_COLUMN_H */
