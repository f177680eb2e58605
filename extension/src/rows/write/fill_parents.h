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

#endif /* POC_ROWS_WRITE_FILL_PARENTS_H */
