/*-------------------------------------------------------------------------
 *
 * unique_expression.c
 *	  Unique expressions: counted values so far apart that the expression tells them
 *	  apart.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
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

/* Let the column count in steps, or in other strings, that the index's expressions tell apart. */
void
rows_spread(RowsPlan *plan, Relation index, RowsColumn *column)
{
	ListCell *cell;

	foreach (cell, rows_key_expressions(plan, index))
	{
		Node *expr = lfirst(cell);

		if (expr == NULL || !rows_is_built_in(expr) || tells_apart(plan, expr, column, column->value))
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
