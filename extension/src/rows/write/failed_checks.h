/*-------------------------------------------------------------------------
 *
 * failed_checks.h
 *	  The conditions that reject the row of a search.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_FAILED_CHECKS_H
#define POC_ROWS_WRITE_FAILED_CHECKS_H

#include "rows/write/apply_move.h"

/* Does the row, as it is now, pass this condition? */
extern bool rows_row_passes(RowsSearch *search, RowsCheck *check);

/* How many conditions reject the row?  *failed becomes one of them. */
extern int rows_count_failed(RowsSearch *search, RowsCheck **failed);

#endif /* POC_ROWS_WRITE_FAILED_CHECKS_H */
