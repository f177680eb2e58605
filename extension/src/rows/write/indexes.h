/*-------------------------------------------------------------------------
 *
 * indexes.h
 *	  Indexes that are built after the load.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_INDEXES_H
#define POC_ROWS_WRITE_INDEXES_H

#include "executor/tuptable.h"
#include "utils/rel.h"

#include "rows/plan/parts.h"

/* index_entries.c */
typedef struct RowsEntries RowsEntries;
extern RowsEntries *rows_collect_entries(Relation rel);
extern void rows_add_entry(RowsEntries *entries, TupleTableSlot *slot);
extern Oid rows_index_of_entries(const RowsEntries *entries, uint64 nrows);

/* btree.c */
extern void rows_write_btree(Relation index, const RowsEntries *entries);

/* index_build.c */
extern bool rows_may_index_after(RowsPlan *plan, uint64 nrows);
extern const char *rows_explain_indexes(RowsPlan *plan, const char **reason);
extern void rows_index_after(Relation rel, RowsEntries *entries, uint64 nrows);

#endif /* POC_ROWS_WRITE_INDEXES_H */
