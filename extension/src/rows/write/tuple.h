/*-------------------------------------------------------------------------
 *
 * tuple.h
 *	  Heap tuples formed in the arena.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_TUPLE_H
#define POC_ROWS_WRITE_TUPLE_H

#include "executor/tuptable.h"
#include "utils/rel.h"

#include "rows/value/arena.h"

typedef struct RowsLayout RowsLayout;
extern RowsLayout *rows_make_layout(Relation rel);
extern bool rows_store_tuple(const RowsLayout *layout, TupleTableSlot *slot, RowsArena *arena);
extern void rows_forget_tuple(TupleTableSlot *slot);

#endif /* POC_ROWS_WRITE_TUPLE_H */
