/*-------------------------------------------------------------------------
 *
 * insert.h
 *	  Inserts rows into the table: in batches, or one by one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_INSERT_H
#define POC_ROWS_WRITE_INSERT_H

#include "rows/plan/parts.h"

extern uint64 rows_insert(RowsPlan *plan, uint64 first, uint64 nrows);

#endif /* POC_ROWS_WRITE_INSERT_H */
