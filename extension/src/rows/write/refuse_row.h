/*-------------------------------------------------------------------------
 *
 * refuse_row.h
 *	  The message when no row satisfies the conditions of a table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_REFUSE_ROW_H
#define POC_ROWS_WRITE_REFUSE_ROW_H

#include "rows/plan/parts.h"

pg_noreturn extern void rows_refuse_row(RowsPlan *plan, RowsCheck *failed);

#endif /* POC_ROWS_WRITE_REFUSE_ROW_H */
