/*-------------------------------------------------------------------------
 *
 * trial.h
 *	  Tries conditions on a row that is not in the table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_PLAN_TRIAL_H
#define POC_ROWS_PLAN_TRIAL_H

#include "nodes/execnodes.h"
#include "utils/resowner.h"

#include "rows/plan/parts.h"

typedef struct RowsTrial
{
	ExprContext *econtext;
	TupleTableSlot *slot;
	int natts;
	bool catches; /* does an error of a condition reject the row? */
	bool inside;  /* of a subtransaction */
	MemoryContext context;
	ResourceOwner owner;
} RowsTrial;

/* Fills a row, of which every column is null before the first. */
typedef void (*RowsFillRow)(RowsPlan *plan, uint64 row, RowsArena *arena, Datum *values,
							bool *isnull, void *context);

extern RowsTrial *rows_make_trial(RowsPlan *plan, EState *estate);
extern void rows_catch_in_trial(RowsTrial *trial, bool catches);
extern void rows_end_trial(RowsTrial *trial);
extern void rows_set_trial(RowsTrial *trial, Datum *values, bool *isnull);
extern bool rows_passes(RowsTrial *trial, ExprState *state);
extern bool rows_any_passes(RowsPlan *plan, List *conditions, uint64 rows, RowsFillRow fill,
							void *context);
extern bool rows_compute(RowsTrial *trial, ExprState *state, RowsArena *arena, bool byval,
						 int16 typlen, Datum *value, bool *isnull);
extern bool rows_make_in_trial(RowsTrial *trial, const RowsValue *value, RowsDraw *draw,
							   RowsArena *arena, Datum *datum);
extern void rows_draw_some(RowsPlan *plan, uint64 row, RowsArena *arena, Datum *values, bool *isnull);
extern Const *rows_try_constant_of(Node *node);
extern Expr *rows_try_simplify(Expr *expr);
extern bool rows_may_fail(Node *node);
extern bool rows_is_built_in(Node *node);
extern bool rows_calls_no_more(Node *node, Node *condition);

#endif /* POC_ROWS_PLAN_TRIAL_H */
