/*-------------------------------------------------------------------------
 *
 * maker.h
 *	  Turns row numbers into rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_MAKER_H
#define POC_ROWS_WRITE_MAKER_H

#include "rows/write/making.h"

extern RowsMaker *rows_make_maker(RowsPlan *plan, EState *estate, uint64 end);
extern void rows_make_row(RowsMaker *maker, uint64 row, Datum *values, bool *isnull);
extern void rows_reset_maker(RowsMaker *maker);
extern void rows_error_context(void *maker);

#endif /* POC_ROWS_WRITE_MAKER_H */
