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

/* foreign_keys.c */
extern List *rows_foreign_keys(RowsPlan *plan);

/* foreign.c */
extern RowsForeign *rows_start_foreign(RowsPlan *plan, RowsKey *key, int number);

/* foreign_none.c */
extern bool rows_may_be_null(RowsPlan *plan, RowsKey *key);
extern RowsPromise *rows_find_promise(RowsPlan *plan, RowsKey *key);
extern void rows_take_promised(RowsPlan *plan, RowsKey *key, RowsForeign *foreign);
extern void rows_handle_no_agreement(RowsPlan *plan, RowsKey *key);
extern void rows_handle_no_parents(RowsPlan *plan, RowsKey *key, bool has_others);

/* foreign_filter.c */
extern void rows_keep_chosen(RowsPlan *plan, RowsForeign *foreign);
extern void rows_keep_admissible(RowsPlan *plan, RowsForeign *foreign);
extern bool rows_is_settled(RowsPlan *plan, Bitmapset *attributes);
extern bool rows_keep_agreeing(RowsForeign *foreign, RowsForeign *other);
extern bool rows_agrees_already(RowsPlan *plan, RowsKey *key, RowsForeign *wider);

/* foreign_circle.c */
extern bool rows_is_in_circle(RowsPlan *plan, RowsKey *key);
extern bool rows_waits(RowsPlan *plan, Oid relid);
extern bool rows_may_promise(RowsPlan *plan, RowsKey *key);
extern void rows_plan_promised(RowsPlan *plan);

/* foreign_null.c */
extern void rows_plan_foreign_nulls(RowsPlan *plan);

/* domain.c */
extern bool rows_takes_null(RowsPlan *plan, AttrNumber attnum);

/* parents.c */
extern bool rows_is_unique_alone(RowsPlan *plan, ForeignKeyCacheInfo *key, bool *one_null);
extern bool rows_has_parents(RowsPlan *plan, ForeignKeyCacheInfo *key);
extern void rows_read_parents(RowsPlan *plan, ForeignKeyCacheInfo *key, RowsForeign *foreign);

/* owner_role.c */
extern void rows_act_as_parents_owner(RowsPlan *plan, ForeignKeyCacheInfo *key, RowsOwner *owner);
extern void rows_stop_acting(RowsOwner *owner);

/* policy.c */
extern bool rows_policies_run_others(Relation rel, Oid role);

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
