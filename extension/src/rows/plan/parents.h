/*-------------------------------------------------------------------------
 *
 * parents.h
 *	  Referenced rows of foreign keys: read, counted, joined and looked up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_PARENTS_H
#define POC_ROWS_PLAN_PARENTS_H

#include "rows/plan/parts.h"

/* parents.c */
extern bool rows_is_unique_alone(RowsPlan *plan, ForeignKeyCacheInfo *key);
extern bool rows_has_parents(RowsPlan *plan, ForeignKeyCacheInfo *key);
extern void rows_read_parents(RowsPlan *plan, ForeignKeyCacheInfo *key, RowsForeign *foreign);

/* parents_hash.c */
extern void rows_hash_parents(RowsForeign *foreign);
extern bool rows_find_parent(RowsForeign *foreign, const Datum *values, uint64 *ordinal);

/* foreign_count.c */
extern uint64 rows_count_foreign(RowsPlan *plan, RowsForeign *foreign, List *columns);
extern bool rows_decode_foreign(RowsForeign *foreign, const Datum *values, uint64 *ordinal);

/* foreign_join.c */
extern RowsForeign *rows_join_foreign(RowsPlan *plan, RowsForeign *left, RowsForeign *right);
extern Datum rows_joined_value(const RowsForeign *foreign, uint64 ordinal, int component);
extern bool rows_joined_ordinal(RowsForeign *foreign, const Datum *values, uint64 *ordinal);
extern RowsForeign **rows_joined_parts(const RowsForeign *foreign, int *nparts);

/* Value of one column of a referenced row. */
static inline Datum
rows_foreign_value(const RowsForeign *foreign, uint64 ordinal, int component)
{
	if (unlikely(foreign->join != NULL))
		return rows_joined_value(foreign, ordinal, component);
	return foreign->values[ordinal * foreign->ncolumns + component];
}

#endif /* POC_ROWS_PLAN_PARENTS_H */
