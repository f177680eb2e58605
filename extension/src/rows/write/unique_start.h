/*-------------------------------------------------------------------------
 *
 * unique_start.h
 *	  Where counting of unique columns continues: after the existing rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_UNIQUE_START_H
#define POC_ROWS_WRITE_UNIQUE_START_H

#include "rows/plan/parts.h"

extern void rows_find_bases(RowsPlan *plan, uint64 nrows);

#endif /* POC_ROWS_WRITE_UNIQUE_START_H */
