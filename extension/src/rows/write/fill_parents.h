/*-------------------------------------------------------------------------
 *
 * fill_parents.h
 *	  Plans a table, and first fills the empty tables that it refers to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_FILL_PARENTS_H
#define POC_ROWS_WRITE_FILL_PARENTS_H

#include "rows/plan/parts.h"

extern RowsPlan *rows_prepare(Oid relid, uint64 nrows, uint64 seed, RowsOptions *options,
							  const RowsCall *given);
extern void rows_fill_table(Oid relid, uint64 nrows, uint64 seed, const RowsCall *call);
extern void rows_close_circle(RowsPlan *plan, uint64 nrows);
extern void rows_tell_postponed(RowsPlan *plan);

#endif /* POC_ROWS_WRITE_FILL_PARENTS_H */
