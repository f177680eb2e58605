/*-------------------------------------------------------------------------
 *
 * unique_span.c
 *	  Ranges that an exclusion constraint computes from columns and that must not overlap:
 *	  tstzrange(starts, ends), tsrange(day + opens, day + closes), tsrange(at, at + length).
 *
 * Spans of two columns are counted with both; of others the column that both ends are
 * computed from counts, so far apart that no span reaches the next.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/rangetypes.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"

/* Consecutive spans that must not overlap; of so many rows at least one must have a span. */
#define COMPARED 40

static List *span_of(RowsPlan *plan, Relation index, Node **expr);
static RowsColumn *plain_column(RowsPlan *plan, Node *node);
static int64 slot_of(const RowsValue *value);
static bool space_out(RowsPlan *plan, Node *expr, RowsColumn *column);
static bool are_apart(RowsPlan *plan, Node *expr, RowsColumn *column, RowsValue *value);

/* The columns that start and end the spans, or only that which both ends depend on. */
bool
rows_find_span(RowsPlan *plan, Relation index, RowsColumn **start, RowsColumn **end)
{
	Node *expr = NULL;
	List *args = span_of(plan, index, &expr);
	Bitmapset *attributes = NULL;
	Bitmapset *others = NULL;
	int member = -1;

	*start = *end = NULL;
	if (args == NIL)
		return false;
	*start = plain_column(plan, linitial(args));
	*end = plain_column(plan, lsecond(args));
	if (*start != NULL && *end != NULL && *start != *end &&
		(*start)->value->type == (*end)->value->type)
	{
		RowsValue *value = (*start)->value;

		value->unique_unit = slot_of(value);
		value->capacity = (uint64) (value->unique_high - value->unique_low) / value->unique_unit;
		return true;
	}
	*start = *end = NULL;
	if (!rows_is_built_in(expr))
		return false;
	pull_varattnos(linitial(args), 1, &attributes);
	pull_varattnos(lsecond(args), 1, &others);
	attributes = bms_intersect(attributes, others);
	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;
		RowsColumn *column = attnum > 0 ? &plan->columns[attnum - 1] : NULL;

		if (column == NULL || !rows_is_plain_number(column) || !space_out(plan, expr, column))
			continue;
		*start = column;
		return true;
	}
	return false;
}

/* The two ends of the first range that must not overlap; NIL: there is none. */
static List *
span_of(RowsPlan *plan, Relation index, Node **expr)
{
	Oid *operators;
	Oid *procs;
	uint16 *strategies;
	ListCell *cell;

	if (!index->rd_index->indisexclusion)
		return NIL;
	RelationGetExclusionInfo(index, &operators, &procs, &strategies);
	foreach (cell, rows_key_expressions(plan, index))
	{
		char *name = get_opname(operators[foreach_current_index(cell)]);

		*expr = lfirst(cell);
		if (*expr != NULL && name != NULL && strcmp(name, "&&") == 0 && IsA(*expr, FuncExpr) &&
			type_is_range(exprType(*expr)) && list_length(((FuncExpr *) *expr)->args) >= 2 &&
			list_length(((FuncExpr *) *expr)->args) <= 3)
			return ((FuncExpr *) *expr)->args;
	}
	return NIL;
}

/* A column that may be counted, perhaps cast to another type, or with another value for null. */
static RowsColumn *
plain_column(RowsPlan *plan, Node *node)
{
	RowsColumn *column;

	node = strip_implicit_coercions(node);
	if (IsA(node, CoalesceExpr))
		node = strip_implicit_coercions(linitial(((CoalesceExpr *) node)->args));
	if (!IsA(node, Var) || ((Var *) node)->varattno <= 0)
		return NULL;
	column = &plan->columns[((Var *) node)->varattno - 1];
	/* all spans would end where the default is */
	(void) rows_replace_default(plan, list_make1(column));
	return rows_is_plain_number(column) ? column : NULL;
}

/* May it be counted in any steps? */
bool
rows_is_plain_number(const RowsColumn *column)
{
	return column->kind == ROWS_COLUMN_RANDOM && !column->shaped && !column->planned &&
		   column->region_value == NULL && column->value->from_int != NULL &&
		   column->value->encode != NULL && column->value->nchoices == 0;
}

/* How far apart spans start. */
static int64
slot_of(const RowsValue *value)
{
	int64 slot = 12;

	switch (value->type)
	{
		case DATEOID:
			return 4;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return USECS_PER_HOUR;
		default:
			for (int i = 0; i < value->scale; i++)
				slot *= 10;
			return slot;
	}
}

/* Each span ends before the next starts. */
void
rows_end_spans(RowsColumn *start, RowsColumn *end)
{
	int64 length = start->value->unique_unit / 4 * 3;

	*end->value = *start->value;
	if (end->value->unit > 1)
		length -= length % end->value->unit;
	end->value->unique_low += Max(length, 1);
	end->value->unique_high += Max(length, 1);
	end->kind = ROWS_COLUMN_KEY;
	end->counted = start->counted;
	end->divisor = start->divisor;
	end->radix = start->radix;
	start->value->null_fraction = end->value->null_fraction = 0;
}

/* Let the column count in such steps that the spans do not overlap. */
static bool
space_out(RowsPlan *plan, Node *expr, RowsColumn *column)
{
	static const int64 hours[] = {1, 4, 24, 7 * 24, 31 * 24, 366 * 24};
	static const int64 steps[] = {1, 10, 100, 1000, 10000, 100000};

	for (int i = 0; i < lengthof(steps); i++)
	{
		RowsValue *value = palloc(sizeof(RowsValue));
		int64 step = steps[i];

		*value = *column->value;
		if (value->type == DATEOID)
			step = Max(hours[i] / 24, 1);
		else if (value->type == TIMESTAMPOID || value->type == TIMESTAMPTZOID)
			step = hours[i] * USECS_PER_HOUR;
		if (step > (value->unique_high - value->unique_low) / value->unique_unit / COMPARED)
			break;
		value->unique_unit *= step;
		value->capacity = (uint64) (value->unique_high - value->unique_low) / value->unique_unit + 1;
		if (!are_apart(plan, expr, column, value))
			continue;
		column->value = value;
		return true;
	}
	return false;
}

/* Does no span of the first counted values overlap the next, whatever the other columns are? */
static bool
are_apart(RowsPlan *plan, Node *expr, RowsColumn *column, RowsValue *value)
{
	EState *estate = CreateExecutorState();
	RowsTrial *trial = rows_make_trial(plan, estate);
	ExprState *state = ExecPrepareExpr((Expr *) copyObject(expr), estate);
	Datum *values = palloc0(sizeof(Datum) * plan->natts);
	bool *isnull = palloc(sizeof(bool) * plan->natts);
	TypeCacheEntry *typcache = lookup_type_cache(exprType(expr), TYPECACHE_RANGE_INFO);
	Datum before = (Datum) 0;
	int nspans = 0;
	bool apart = true;
	RowsArena arena;

	rows_init_arena(&arena);
	rows_catch_in_trial(trial, true);
	for (int i = 0; i < COMPARED && apart; i++)
	{
		RowsDraw draw;
		Datum span;
		bool span_isnull;

		rows_draw_some(plan, i, &arena, values, isnull);
		rows_draw_start(&draw, column->stream, 0);
		values[column->attnum - 1] = value->encode(value, nspans, &draw, &arena);
		isnull[column->attnum - 1] = false;
		rows_set_trial(trial, values, isnull);
		/* an end before its start: a CHECK, or the type, rejects the row */
		if (!rows_compute(trial, state, &arena, false, -1, &span, &span_isnull) || span_isnull)
			continue;
		apart = nspans == 0 || !range_overlaps_internal(typcache, DatumGetRangeTypeP(before),
														DatumGetRangeTypeP(span));
		before = span;
		nspans++;
	}
	rows_end_trial(trial);
	rows_reset_arena(&arena);
	ExecDropSingleTupleTableSlot(trial->slot);
	FreeExecutorState(estate);
	return apart && nspans > 1;
}
