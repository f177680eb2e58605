/*-------------------------------------------------------------------------
 *
 * unique_expression.c
 *	  Unique expressions: counted values so far apart that the expression tells them
 *	  apart; and ranges of two columns that must not overlap.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/hash.h"
#include "rows/value/regex.h"

/* Consecutive counted values that must differ under the expression. */
#define COMPARED 40

static bool tells_apart(RowsPlan *plan, Node *expr, RowsColumn *column, RowsValue *value);
static bool spread_number(RowsPlan *plan, Node *expr, RowsColumn *column);
static bool shorten_text(RowsPlan *plan, Node *expr, RowsColumn *column);
static RowsColumn *plain_column(RowsPlan *plan, Node *node);
static int64 slot_of(const RowsValue *value);

/* Let the column count in steps, or in other strings, that the index's expressions tell apart. */
void
rows_spread(RowsPlan *plan, Relation index, RowsColumn *column)
{
	ListCell *cell;

	foreach (cell, RelationGetIndexExpressions(index))
	{
		Node *expr = lfirst(cell);

		if (!rows_is_built_in(expr) || tells_apart(plan, expr, column, column->value))
			continue;
		if (column->value->from_int != NULL)
			(void) spread_number(plan, expr, column);
		else if (column->value->is_text || column->value->type == BPCHAROID)
			(void) shorten_text(plan, expr, column);
	}
}

static bool
spread_number(RowsPlan *plan, Node *expr, RowsColumn *column)
{
	static const int64 steps[] = {10,	 60,		100,		1000,		3600,
								  86400, 7 * 86400, 31 * 86400, 366 * 86400};

	for (int i = 0; i < lengthof(steps); i++)
	{
		RowsValue *value = palloc(sizeof(RowsValue));
		int64 step = steps[i];

		*value = *column->value;
		/* days, where the unit is one */
		if (value->type == DATEOID)
			step = Max(step / 86400, 1);
		if (step > (value->unique_high - value->unique_low) / value->unique_unit / COMPARED)
			continue;
		value->unique_unit *= step;
		value->capacity = (uint64) (value->unique_high - value->unique_low) / value->unique_unit + 1;
		if (!tells_apart(plan, expr, column, value))
			continue;
		column->value = value;
		return true;
	}
	return false;
}

/* left(code, 3) */
static bool
shorten_text(RowsPlan *plan, Node *expr, RowsColumn *column)
{
	ListCell *cell;

	foreach (cell, rows_read_mention(expr)->numbers)
	{
		RowsValue *value = palloc(sizeof(RowsValue));
		RowsBounds bounds = column->bounds;

		*value = *column->value;
		if (lfirst_int(cell) < 1 || lfirst_int(cell) > 100 ||
			!rows_init_regex(value, psprintf("[a-z0-9]{%d}", lfirst_int(cell)), ROWS_PATTERN_REGEX,
							 &bounds) ||
			value->encode == NULL || !tells_apart(plan, expr, column, value))
			continue;
		column->value = value;
		return true;
	}
	return false;
}

/* Does the expression differ for the first counted values? */
static bool
tells_apart(RowsPlan *plan, Node *expr, RowsColumn *column, RowsValue *value)
{
	Bitmapset *attributes = NULL;
	EState *estate = CreateExecutorState();
	RowsTrial *trial = rows_make_trial(plan, estate);
	ExprState *state = ExecPrepareExpr((Expr *) copyObject(expr), estate);
	Datum *values = palloc0(sizeof(Datum) * plan->natts);
	bool *isnull = palloc(sizeof(bool) * plan->natts);
	uint32 hashes[COMPARED];
	bool apart = true;
	int16 typlen;
	bool typbyval;
	RowsArena arena;

	get_typlenbyval(exprType(expr), &typlen, &typbyval);
	pull_varattnos(expr, 1, &attributes);
	memset(isnull, true, sizeof(bool) * plan->natts);
	rows_init_arena(&arena);
	rows_catch_in_trial(trial, true);
	for (int i = 0; i < COMPARED && apart && (uint64) i < value->capacity; i++)
	{
		RowsDraw draw;
		Datum datum;
		bool datum_isnull;

		rows_draw_start(&draw, column->stream, 0);
		values[column->attnum - 1] = value->encode(value, i, &draw, &arena);
		isnull[column->attnum - 1] = false;
		rows_set_trial(trial, values, isnull);
		/* nulls are distinct, and other columns matter where they are not null */
		if (!rows_compute(trial, state, &arena, typbyval, typlen, &datum, &datum_isnull) ||
			datum_isnull)
			break;
		hashes[i] = rows_hash_image(datum, typbyval, typlen);
		for (int j = 0; j < i && apart; j++)
			apart = hashes[i] != hashes[j];
	}
	rows_end_trial(trial);
	rows_reset_arena(&arena);
	ExecDropSingleTupleTableSlot(trial->slot);
	FreeExecutorState(estate);
	return apart;
}

/* ---- tstzrange(starts, ends) WITH && ---- */

bool
rows_find_span(RowsPlan *plan, Relation index, RowsColumn **start, RowsColumn **end)
{
	List *expressions;
	ListCell *cell;
	Oid *operators;
	Oid *procs;
	uint16 *strategies;

	if (!index->rd_index->indisexclusion)
		return false;
	RelationGetExclusionInfo(index, &operators, &procs, &strategies);
	expressions = RelationGetIndexExpressions(index);
	cell = list_head(expressions);
	for (int i = 0; i < index->rd_index->indnkeyatts && cell != NULL; i++)
	{
		Node *expr;
		List *args;
		char *name;

		if (index->rd_index->indkey.values[i] != 0)
			continue;
		expr = lfirst(cell);
		cell = lnext(expressions, cell);
		name = get_opname(operators[i]);
		if (name == NULL || strcmp(name, "&&") != 0 || !IsA(expr, FuncExpr) ||
			!type_is_range(exprType(expr)))
			continue;
		args = ((FuncExpr *) expr)->args;
		if (list_length(args) < 2 || list_length(args) > 3)
			continue;
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
	}
	*start = *end = NULL;
	return false;
}

/* A column that may be counted, perhaps cast to another type. */
static RowsColumn *
plain_column(RowsPlan *plan, Node *node)
{
	RowsColumn *column;

	node = strip_implicit_coercions(node);
	if (!IsA(node, Var) || ((Var *) node)->varattno <= 0)
		return NULL;
	column = &plan->columns[((Var *) node)->varattno - 1];
	if (column->kind != ROWS_COLUMN_RANDOM || column->shaped || column->planned ||
		column->region_value != NULL || column->value->from_int == NULL ||
		column->value->encode == NULL || column->value->nchoices > 0)
		return NULL;
	return column;
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
