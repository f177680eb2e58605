/*-------------------------------------------------------------------------
 *
 * steps.h
 *	  The steps of planning, in the order in which columns.c takes them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_STEPS_H
#define POC_ROWS_PLAN_STEPS_H

#include "lib/stringinfo.h"

#include "rows/plan/parts.h"
#include "rows/value/candidate.h"

/* may_evaluate.c */
extern bool rows_may_evaluate(RowsPlan *plan, Node *expression);

/* owner_role.c */
extern void rows_act_as_owner(RowsPlan *plan);
extern void rows_act_as_caller(RowsPlan *plan);

/* view.c */
extern void rows_look_through_view(RowsPlan *plan, List **conditions);

/* managed.c */
extern const char *rows_manager(Relation rel);

/* policy.c */
extern List *rows_policy_conditions(Relation rel, Oid role);
extern void rows_name_policies(Relation rel, Oid role, StringInfo names, StringInfo columns);

/* check.c */
extern void rows_read_checks(RowsPlan *plan, List *conditions);
extern void rows_add_check(RowsPlan *plan, const char *name, Node *expr);
extern RowsCheck *rows_make_check(const char *name, Node *expr);
extern Node *rows_without_generated(Node *node, void *relation);
extern void rows_try_unbounded(RowsPlan *plan);

/* foreign.c */
extern void rows_plan_foreign_keys(RowsPlan *plan);

/* partition.c */
extern void rows_plan_partitions(RowsPlan *plan);

/* ordered_columns.c */
extern void rows_plan_pairs(RowsPlan *plan);

/* shape.c */
extern void rows_shape_value(RowsValue *value, const RowsColumnOptions *options);

/* narrow.c */
extern void rows_narrow_computed(RowsPlan *plan);

/* prefer_count.c */
extern List *rows_other_counts(const RowsValue *like, const RowsMention *mention);

/* prefer_beside.c */
extern RowsValue *rows_pattern_beside(RowsPlan *plan, RowsColumn *column);

/* prefer_form.c */
/* Fewer strings than these do not last for a unique column. */
#define ROWS_ENOUGH_STRINGS (UINT64CONST(1) << 20)
typedef bool (*RowsAccepts)(void *context, Datum value);
extern char *rows_example_of(char *string, RowsAccepts accepts, void *context);
extern RowsValue *rows_form_of_example(const RowsValue *like, const char *example,
									   RowsAccepts accepts, void *context);

/* prefer.c */
extern void rows_prefer_values(RowsPlan *plan);

/* defaults.c */
extern bool rows_default_suits(RowsPlan *plan, RowsColumn *column, Expr *expr);
extern void rows_settle_defaults(RowsPlan *plan);
extern List *rows_replace_default(RowsPlan *plan, List *columns);

/* unique_stride.c */
/* Values of a key that each row may try. */
#define ROWS_CHECKED_STRIDE 64
extern void rows_set_stride(RowsPlan *plan, RowsUnique *unique);

/* unique_expression.c */
extern void rows_spread(RowsPlan *plan, Relation index, RowsColumn *column);

/* unique_span.c */
extern bool rows_is_plain_number(const RowsColumn *column);
extern bool rows_find_span(RowsPlan *plan, Relation index, RowsColumn **start, RowsColumn **end);
extern void rows_end_spans(RowsColumn *start, RowsColumn *end);

/* unique_partial.c */
extern bool rows_is_partial(RowsPlan *plan, Relation index);
extern void rows_stay_outside(RowsPlan *plan, Relation index, RowsUnique *unique);

/* unique_share.c */
extern bool rows_share_digit(RowsPlan *plan, List *columns);

/* unique.c */
extern void rows_plan_keys(RowsPlan *plan);

/* unique_computed.c */
extern void rows_plan_following(RowsPlan *plan);
extern Node *rows_computed_from(RowsPlan *plan, AttrNumber attnum);

/* index_columns.c */
extern List *rows_columns_of_index(RowsPlan *plan, Relation rel, Relation index);
extern List *rows_key_expressions(RowsPlan *plan, Relation index);
extern bool rows_is_unique_column(RowsPlan *plan, RowsColumn *column);

/* unique_joint.c */
extern RowsColumn *rows_better_count(RowsPlan *plan, List *columns, RowsColumn *best);
extern bool rows_count_together(RowsPlan *plan, List *columns, RowsColumn *best);

/* unique_list.c */
extern bool rows_list_ordinals(RowsPlan *plan, RowsUnique *unique, Relation index);

#endif /* POC_ROWS_PLAN_STEPS_H */
