/*-------------------------------------------------------------------------
 *
 * search.h
 *	  The search for values with which a row satisfies its conditions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_SEARCH_H
#define POC_ROWS_WRITE_SEARCH_H

#include "rows/write/making.h"

extern bool rows_search(RowsMaker *maker, uint64 row, int attempt, Datum *values, bool *isnull,
						RowsCheck **failed);

#endif /* POC_ROWS_WRITE_SEARCH_H */
