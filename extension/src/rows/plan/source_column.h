/*-------------------------------------------------------------------------
 *
 * source_column.h
 *	  Maps a column of the named table or view to the column of the underlying table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_SOURCE_COLUMN_H
#define POC_ROWS_PLAN_SOURCE_COLUMN_H

#include "rows/plan/parts.h"

extern bool rows_refers_to_rows(RowsPlan *plan, AttrNumber attnum);
extern AttrNumber rows_source_column(RowsPlan *plan, int attribute, bool with_defaults);

#endif /* POC_ROWS_PLAN_SOURCE_COLUMN_H */
