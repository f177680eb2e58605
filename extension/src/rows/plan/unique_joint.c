/*-------------------------------------------------------------------------
 *
 * unique_joint.c
 *	  Unique columns that count together, because conditions between them leave few values.
 *
 * UNIQUE (a, b) with CHECK (a < b) and b up to 100: counting in one of them alone soon
 * leaves the other none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "executor/executor.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/arena.h"

/* Values drawn of the other columns, for so high an ordinal. */
#define DRAWN		 400
#define HIGH_ORDINAL 100000

/* The stream of the draws: no column has this number. */
#define JOINT_STREAM (MaxHeapAttributeNumber + 4200)

static List *checks_between(RowsPlan *plan, List *columns, RowsColumn *best);
static bool is_possible(RowsPlan *plan, List *columns, RowsColumn *best, List *checks, uint64 first);

/* Does the column, if it alone counts, run out of values that conditions with the others accept? */
bool
rows_count_together(RowsPlan *plan, List *columns, RowsColumn *best)
{
	List *checks = checks_between(plan, columns, best);

	return checks != NIL && is_possible(plan, columns, best, checks, 0) &&
		   !is_possible(plan, columns, best, checks, HIGH_ORDINAL);
}

/*
 * Another column than this, if conditions between them accept none of many values beside
 * its first ones: nothing is below a counted uuid, but much is above it.
 */
RowsColumn *
rows_better_count(RowsPlan *plan, List *columns, RowsColumn *best)
{
	List *checks = checks_between(plan, columns, best);
	ListCell *cell;

	if (checks == NIL || is_possible(plan, columns, best, checks, 0))
		return best;
	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);

		if (column != best && column->kind == ROWS_COLUMN_RANDOM && column->value->encode != NULL &&
			column->value->capacity > HIGH_ORDINAL && column->region_value == NULL)
		{
			checks = checks_between(plan, columns, column);
			if (checks != NIL && is_possible(plan, columns, column, checks, 0) &&
				is_possible(plan, columns, column, checks, HIGH_ORDINAL))
				return column;
		}
	}
	return best;
}

/* The conditions between the column and others of the index, which all may be counted. */
static List *
checks_between(RowsPlan *plan, List *columns, RowsColumn *best)
{
	Bitmapset *countable = NULL;
	List *checks = NIL;
	ListCell *cell;

	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);

		if (column->kind == ROWS_COLUMN_RANDOM && column->value->encode != NULL &&
			column->value->capacity > 0)
			countable = bms_add_member(countable,
									   column->attnum - FirstLowInvalidHeapAttributeNumber);
	}
	foreach (cell, plan->checks)
	{
		RowsCheck *check = lfirst(cell);

		if (bms_membership(check->attributes) == BMS_MULTIPLE &&
			bms_is_member(best->attnum - FirstLowInvalidHeapAttributeNumber, check->attributes) &&
			bms_is_subset(check->attributes, countable) &&
			rows_may_evaluate(plan, (Node *) check->expr))
			checks = lappend(checks, check->expr);
	}
	return checks;
}

/* Does any of many values of the other columns suit one of this, from an ordinal on? */
static bool
is_possible(RowsPlan *plan, List *columns, RowsColumn *best, List *checks, uint64 first)
{
	EState *estate = CreateExecutorState();
	RowsTrial *trial = rows_make_trial(plan, estate);
	Datum *values = palloc0(sizeof(Datum) * plan->natts);
	bool *isnull = palloc(sizeof(bool) * plan->natts);
	List *states = NIL;
	bool found = false;
	RowsArena arena;
	ListCell *cell;

	foreach (cell, checks)
		states = lappend(states, ExecPrepareExpr(lfirst(cell), estate));
	memset(isnull, true, sizeof(bool) * plan->natts);
	rows_init_arena(&arena);
	rows_catch_in_trial(trial, true);
	for (int i = 0; i < DRAWN && !found; i++)
	{
		foreach (cell, columns)
		{
			RowsColumn *column = lfirst(cell);
			RowsDraw draw;

			if (column->kind != ROWS_COLUMN_RANDOM || column->value == NULL)
				continue;
			rows_draw_start(&draw, rows_stream(0, JOINT_STREAM, column->attnum), i);
			values[column->attnum - 1] = column == best
											 ? best->value->encode(best->value,
																   Min(first + i / 8,
																	   best->value->capacity - 1),
																   &draw, &arena)
											 : column->value->make(column->value, &draw, &arena);
			isnull[column->attnum - 1] = false;
		}
		rows_set_trial(trial, values, isnull);
		found = true;
		foreach (cell, states)
			found = found && rows_passes(trial, lfirst(cell));
	}
	rows_end_trial(trial);
	rows_reset_arena(&arena);
	ExecDropSingleTupleTableSlot(trial->slot);
	FreeExecutorState(estate);
	return found;
}
