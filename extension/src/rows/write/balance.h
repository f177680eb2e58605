/*-------------------------------------------------------------------------
 *
 * balance.h
 *	  The search balances an equation of several columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_BALANCE_H
#define POC_ROWS_WRITE_BALANCE_H

#include "rows/write/apply_move.h"

/*
 * Until the condition passes, and no more than nfailed fail with it.  False: it has fewer than
 * three columns, or no such row was found, and the row is as it was.
 */
extern bool rows_balance(RowsSearch *search, RowsCheck *check, int nfailed);

#endif /* POC_ROWS_WRITE_BALANCE_H */
