/*-------------------------------------------------------------------------
 *
 * columns.h
 *	  The plan of a table: what each of its columns gets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_COLUMNS_H
#define POC_ROWS_PLAN_COLUMNS_H

#include "rows/plan/parts.h"

extern RowsPlan *rows_make_plan(Relation target, uint64 seed, RowsOptions *options,
								const RowsCall *call);
extern void rows_close_plan(RowsPlan *plan);

#endif /* POC_ROWS_PLAN_COLUMNS_H */
