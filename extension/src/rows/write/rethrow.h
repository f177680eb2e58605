/*-------------------------------------------------------------------------
 *
 * rethrow.h
 *	  Errors of a load say what to do about them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_RETHROW_H
#define POC_ROWS_WRITE_RETHROW_H

#include "rows/plan/parts.h"

pg_noreturn extern void rows_rethrow(RowsPlan *plan);

#endif /* POC_ROWS_WRITE_RETHROW_H */
