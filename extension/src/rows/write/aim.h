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

/* False: the condition has no alternatives. */
extern bool rows_aim(RowsSearch *search, RowsCheck *check);

#endif /* POC_ROWS_WRITE_AIM_H */
