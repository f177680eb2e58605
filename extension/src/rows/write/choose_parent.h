/*-------------------------------------------------------------------------
 *
 * choose_parent.h
 *	  The row that a new row refers to by a foreign key.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_CHOOSE_PARENT_H
#define POC_ROWS_WRITE_CHOOSE_PARENT_H

#include "rows/plan/parts.h"

/* The number of the referenced row among the candidates */
extern uint64 rows_choose_parent(RowsPlan *plan, RowsForeign *foreign, uint64 row, int attempt);

/* Is this foreign key of the row null?  Its columns are null together. */
extern bool rows_refers_to_none(RowsPlan *plan, RowsColumn *column, uint64 row, int attempt);

#endif /* POC_ROWS_WRITE_CHOOSE_PARENT_H */
