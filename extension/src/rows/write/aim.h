/*-------------------------------------------------------------------------
 *
 * aim.h
 *	  The search aims at one alternative of a condition.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_AIM_H
#define POC_ROWS_WRITE_AIM_H

#include "rows/write/apply_move.h"

/* False: the condition has no alternatives, or none that can be reached. */
extern bool rows_aim(RowsSearch *search, RowsCheck *check);

/* ... and fewer conditions fail then.  False: the row is as it was. */
extern bool rows_aim_better(RowsSearch *search, RowsCheck *check, int nfailed);

#endif /* POC_ROWS_WRITE_AIM_H */
