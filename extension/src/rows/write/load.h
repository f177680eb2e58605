/*-------------------------------------------------------------------------
 *
 * load.h
 *	  Writes rows by the path that the plan chose.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_LOAD_H
#define POC_ROWS_WRITE_LOAD_H

#include "utils/jsonb.h"

#include "rows/plan/parts.h"

extern uint64 rows_write(RowsPlan *plan, uint64 first, uint64 nrows, Jsonb *options);

#endif /* POC_ROWS_WRITE_LOAD_H */
