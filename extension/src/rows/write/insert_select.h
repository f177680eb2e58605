/*-------------------------------------------------------------------------
 *
 * insert_select.h
 *	  INSERT ... SELECT through the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_INSERT_SELECT_H
#define POC_ROWS_WRITE_INSERT_SELECT_H

#include "utils/jsonb.h"

#include "rows/plan/parts.h"

extern uint64 rows_insert_by_query(RowsPlan *plan, uint64 first, uint64 n, Jsonb *options);
extern bool rows_call_of_query(Oid target, RowsCall *call);

#endif /* POC_ROWS_WRITE_INSERT_SELECT_H */
