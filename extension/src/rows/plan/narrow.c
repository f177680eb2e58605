/*-------------------------------------------------------------------------
 *
 * narrow.c
 *	  Narrows the ranges of numbers that a condition or a generated column computes
 *	  with: products and sums of small numbers fit, and satisfy equations.
 *
 * Must leave alone what a CHECK bounds on both sides, an option shapes or a key counts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/arena.h"

/* Numbers in computations lie within as many of each other. */
#define COMPUTED_SPAN 1000
/* ... unless the condition mentions a smaller one, but not below this. */
#define SMALLEST_SPAN 10

/* Rows that show whether an expression over other columns raises errors. */
#define SAMPLED_ROWS 32

static void narrow_condition(RowsPlan *plan, Node *condition);
static int smallest_span(const RowsValue *value);
static int least_bound(RowsPlan *plan, Node *condition);
static bool note_computed(Node *node, void *attributes);
static bool is_plain_number(RowsColumn *column);
static void narrow(RowsColumn *column, int64 span);
static void fit_generated(RowsPlan *plan, EState *estate, RowsTrial *trial, AttrNumber attnum,
						  Node *expr);
static bool change_ranges(RowsPlan *plan, Bitmapset *attributes, bool raise);
static bool computes(RowsPlan *plan, RowsTrial *trial, ExprState *state, RowsArena *arena,
					 bool high, uint64 row);

void
rows_narrow_computed(RowsPlan *plan)
{
	TupleDesc tupdesc = RelationGetDescr(plan->rel);
	EState *estate = NULL;
	RowsTrial *trial = NULL;
	ListCell *cell;

	foreach (cell, plan->checks)
		narrow_condition(plan, (Node *) ((RowsCheck *) lfirst(cell))->expr);

	for (int i = 0; i < plan->natts; i++)
	{
		Node *expr;

		if (TupleDescAttr(tupdesc, i)->attgenerated == '\0' || TupleDescAttr(tupdesc, i)->attisdropped)
			continue;
		expr = build_column_default(plan->rel, i + 1);
		if (expr == NULL || !rows_may_fail(expr) || !rows_is_built_in(expr))
			continue;
		if (estate == NULL)
		{
			estate = CreateExecutorState();
			trial = rows_make_trial(plan, estate);
		}
		fit_generated(plan, estate, trial, i + 1, expr);
	}
	if (estate != NULL)
	{
		ExecDropSingleTupleTableSlot(trial->slot);
		FreeExecutorState(estate);
	}
}

/* Narrow the columns that a condition computes with. */
static void
narrow_condition(RowsPlan *plan, Node *condition)
{
	Bitmapset *computed = NULL;
	int span = 0;
	int most;
	int member = -1;
	ListCell *cell;

	note_computed(condition, &computed);
	if (computed == NULL)
		return;
	foreach (cell, rows_read_mention(condition)->numbers)
		span = Max(span, lfirst_int(cell));
	most = least_bound(plan, condition);
	if (most > 0 && (span == 0 || most < span))
		span = Max(most / bms_num_members(computed), 1);
	while ((member = bms_next_member(computed, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0 && is_plain_number(&plan->columns[attnum - 1]))
			narrow(&plan->columns[attnum - 1],
				   span >= smallest_span(plan->columns[attnum - 1].value) && span < COMPUTED_SPAN
					   ? span
					   : COMPUTED_SPAN);
	}
}

/* Fractions have many values in a small range. */
static int
smallest_span(const RowsValue *value)
{
	return value->scale > 0 || value->type == FLOAT4OID || value->type == FLOAT8OID ? 1
																					: SMALLEST_SPAN;
}

/* The lowest upper bound of its columns, if that is a whole number: a sum does not exceed it. */
static int
least_bound(RowsPlan *plan, Node *condition)
{
	Bitmapset *attributes = NULL;
	int64 least = 0;
	int member = -1;

	pull_varattnos(condition, 1, &attributes);
	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;
		RowsColumn *column = attnum > 0 ? &plan->columns[attnum - 1] : NULL;
		int64 most;

		if (column == NULL || column->kind != ROWS_COLUMN_RANDOM || column->bounds.highs == NIL ||
			column->value->from_int == NULL || column->value->nchoices > 0)
			continue;
		most = column->value->high;
		for (int i = 0; i < column->value->scale; i++)
			most /= 10;
		if (most > 0 && (least == 0 || most < least))
			least = most;
	}
	return least < COMPUTED_SPAN ? (int) Max(least, 0) : 0;
}

/* Add the columns that are operands of PostgreSQL's own arithmetic. */
static bool
note_computed(Node *node, void *attributes)
{
	if (node == NULL)
		return false;
	if (IsA(node, OpExpr) && ((OpExpr *) node)->opno < FirstNormalObjectId)
	{
		char *name = get_opname(((OpExpr *) node)->opno);

		if (name != NULL && strlen(name) == 1 && strchr("+-*/^", *name) != NULL)
			pull_varattnos(node, 1, attributes);
	}
	if (IsA(node, FuncExpr))
	{
		switch (((FuncExpr *) node)->funcid)
		{
			case F_POWER_FLOAT8_FLOAT8:
			case F_POWER_NUMERIC_NUMERIC:
			case F_SQRT_FLOAT8:
			case F_SQRT_NUMERIC:
				pull_varattnos(node, 1, attributes);
				break;
			default:
				break;
		}
	}
	return expression_tree_walker(node, note_computed, attributes);
}

static bool
is_plain_number(RowsColumn *column)
{
	if (column->kind != ROWS_COLUMN_RANDOM || column->shaped || column->planned ||
		column->region_value != NULL || column->value->nchoices > 0)
		return false;
	switch (column->value->type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return column->bounds.lows == NIL || column->bounds.highs == NIL;
		default:
			return false;
	}
}

/* Let the numbers lie within so many of the lower end, or of the upper if that alone is given. */
static void
narrow(RowsColumn *column, int64 span)
{
	RowsValue *value = column->value;

	for (int i = 0; i < value->scale; i++)
		span *= 10;
	if (value->high - value->low <= span)
		return;
	if (column->bounds.highs != NIL && column->bounds.lows == NIL)
		value->low = value->high - span;
	else
		value->high = value->low + span;
	value->steps = (uint64) (value->high - value->low) / value->unit + 1;
}

/*
 * Change the ranges until the expression of a generated column raises no error: leave out
 * zero, then halve them.  Where that does not help, each row is tried.
 */
static void
fit_generated(RowsPlan *plan, EState *estate, RowsTrial *trial, AttrNumber attnum, Node *expr)
{
	ExprState *state = ExecPrepareExpr((Expr *) copyObject(expr), estate);
	Bitmapset *attributes = NULL;
	RowsArena arena;
	bool fits = false;

	rows_init_arena(&arena);
	pull_varattnos(expr, 1, &attributes);
	rows_catch_in_trial(trial, true);
	for (int i = 0; i < 64 && !fits; i++)
	{
		bool low = computes(plan, trial, state, &arena, false, 0);
		bool high = computes(plan, trial, state, &arena, true, 0);

		fits = low && high;
		if (!fits && !change_ranges(plan, attributes, high && i == 0))
			break;
	}
	/* what is no number differs from row to row */
	for (int i = 1; i < SAMPLED_ROWS && fits; i++)
		fits = computes(plan, trial, state, &arena, i & 1, i);
	rows_end_trial(trial);
	if (!fits)
	{
		NullTest *test = makeNode(NullTest);
		CaseWhen *when = makeNode(CaseWhen);
		CaseExpr *known = makeNode(CaseExpr);

		/* true whatever the value is, but computes it; PostgreSQL 19 knows that a test for null is never null */
		test->arg = (Expr *) copyObject(expr);
		test->nulltesttype = IS_NULL;
		when->expr = (Expr *) test;
		when->result = (Expr *) makeBoolConst(true, false);
		known->casetype = BOOLOID;
		known->args = list_make1(when);
		known->defresult = (Expr *) makeBoolConst(true, false);
		test->location = when->location = known->location = -1;
		rows_add_check(plan,
					   psprintf("%s is computed",
								NameStr(
									TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1)->attname)),
					   (Node *) known);
	}
}

/* Raise ranges that begin with zero, or halve all; false if none can be changed. */
static bool
change_ranges(RowsPlan *plan, Bitmapset *attributes, bool raise)
{
	bool changed = false;
	int member = -1;

	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;
		RowsValue *value = attnum > 0 ? plan->columns[attnum - 1].value : NULL;

		if (value == NULL || !is_plain_number(&plan->columns[attnum - 1]) ||
			value->high - value->low < 2 * value->unit || (raise && value->low != 0))
			continue;
		if (raise)
			value->low += value->unit;
		else
			value->high = value->low + (value->high - value->low) / 2;
		value->steps = (uint64) (value->high - value->low) / value->unit + 1;
		changed = true;
	}
	return changed;
}

/* Does the expression have a value where all numbers are at the upper, or the lower, end? */
static bool
computes(RowsPlan *plan, RowsTrial *trial, ExprState *state, RowsArena *arena, bool high, uint64 row)
{
	Datum *values = palloc0(sizeof(Datum) * plan->natts);
	bool *isnull = palloc0(sizeof(bool) * plan->natts);
	Datum result;
	bool result_isnull;

	for (int i = 0; i < plan->natts; i++)
	{
		RowsColumn *column = &plan->columns[i];
		RowsDraw draw;

		isnull[i] = column->kind != ROWS_COLUMN_RANDOM || column->promised;
		if (isnull[i])
			continue;
		rows_draw_start(&draw, column->stream, row);
		values[i] = is_plain_number(column)
						? column->value->from_int(column->value,
												  high ? column->value->high : column->value->low,
												  arena)
						: column->value->make(column->value, &draw, arena);
	}
	rows_set_trial(trial, values, isnull);
	return rows_compute(trial, state, arena, true, 1, &result, &result_isnull);
}
