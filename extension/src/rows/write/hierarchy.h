/*-------------------------------------------------------------------------
 *
 * hierarchy.h
 *	  Rows of a table that refers to itself.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_HIERARCHY_H
#define POC_ROWS_WRITE_HIERARCHY_H

#include "rows/write/making.h"

/* Rows refer to rows of the same block; parallel loads share no block. */
#define ROWS_BLOCK 1000

extern RowsElders *rows_start_elders(RowsPlan *plan);
extern void rows_refer_to_rows(RowsMaker *maker, uint64 row, int attempt, Datum *values,
							   bool *isnull);
extern void rows_remember_row(RowsMaker *maker, uint64 row, const Datum *values, const bool *isnull);

#endif /* POC_ROWS_WRITE_HIERARCHY_H */
