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

/* Columns of a key, and the one of them that counts, from an ordinal on */
typedef struct Counting
{
	List *columns;
	RowsColumn *best;
	uint64 first;
} Counting;

static List *checks_between(RowsPlan *plan, List *columns, RowsColumn *best);
static bool is_possible(RowsPlan *plan, List *columns, RowsColumn *best, List *checks, uint64 first);
static void count_best(RowsPlan *plan, uint64 row, RowsArena *arena, Datum *values, bool *isnull,
					   void *context);

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
	Counting counting = {columns, best, first};

	return rows_any_passes(plan, checks, DRAWN, count_best, &counting);
}

/* The column that counts has some ordinals, the others what they draw. */
static void
count_best(RowsPlan *plan, uint64 row, RowsArena *arena, Datum *values, bool *isnull, void *context)
{
	const Counting *counting = context;
	ListCell *cell;

	foreach (cell, counting->columns)
	{
		RowsColumn *column = lfirst(cell);
		RowsValue *value = column->value;
		RowsDraw draw;

		if (column->kind != ROWS_COLUMN_RANDOM || value == NULL)
			continue;
		rows_draw_start(&draw, rows_stream(0, JOINT_STREAM, column->attnum), row);
		values[column->attnum - 1] = column == counting->best
										 ? value->encode(value,
														 Min(counting->first + row / 8,
															 value->capacity - 1),
														 &draw, arena)
										 : value->make(value, &draw, arena);
		isnull[column->attnum - 1] = false;
	}
}
