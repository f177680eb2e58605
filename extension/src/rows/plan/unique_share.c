/*-------------------------------------------------------------------------
 *
 * unique_share.c
 *	  Unique indexes that share columns, and partial ones.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "base/compat.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/arena.h"

/* Rows that show whether a partial index leaves out any. */
#define SAMPLED_ROWS 64

static bool leaves_out(RowsPlan *plan, RowsCheck *check);
static void draw_all(RowsPlan *plan, uint64 row, RowsArena *arena, Datum *values, bool *isnull,
					 void *context);

/* A partial index binds no row that its predicate leaves out. */
void
rows_stay_outside(RowsPlan *plan, Relation index, RowsUnique *unique)
{
	BooleanTest *test = makeNode(BooleanTest);

	test->arg = make_ands_explicit(RelationGetIndexPredicate(index));
	test->booltesttype = IS_NOT_TRUE;
	test->location = -1;
	rows_add_check(plan, unique->name, (Node *) test);
	((RowsCheck *) llast(plan->checks))->outside = unique;
	unique->leaves_out = rows_may_evaluate(plan, (Node *) test) &&
						 leaves_out(plan, llast(plan->checks));
}

/* Is one of some rows outside of the index? */
static bool
leaves_out(RowsPlan *plan, RowsCheck *check)
{
	List *conditions = list_make1(check->expr);
	ListCell *cell;

	/* nor do other conditions on the predicate's columns reject it */
	foreach (cell, plan->checks)
	{
		RowsCheck *other = lfirst(cell);

		if (other->outside == NULL && bms_overlap(other->attributes, check->attributes) &&
			rows_may_evaluate(plan, (Node *) other->expr))
			conditions = lappend(conditions, other->expr);
	}
	return rows_any_passes(plan, conditions, SAMPLED_ROWS, draw_all, NULL);
}

static void
draw_all(RowsPlan *plan, uint64 row, RowsArena *arena, Datum *values, bool *isnull, void *context)
{
	rows_draw_some(plan, row, arena, values, isnull);
}

/*
 * Some of the columns are digits of another key, and one is not: it shows the digit that
 * the index leaves out, so that no two rows agree in all of them.
 */
bool
rows_share_digit(RowsPlan *plan, List *columns)
{
	RowsUnique *other = NULL;
	RowsColumn *own = NULL;
	RowsColumn *missing = NULL;
	uint64 divisor = 1;
	ListCell *cell;

	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);

		if (column->kind == ROWS_COLUMN_KEY && column->counted->ncolumns > 1)
			other = column->counted;
		else if (column->kind == ROWS_COLUMN_RANDOM && column->value->encode != NULL &&
				 column->value->capacity > 0)
			own = column;
	}
	if (other == NULL || own == NULL || other->partial || other->stride > 1 || other->ordinals != NULL)
		return false;
	for (int i = 0; i < other->ncolumns; i++)
	{
		if (other->columns[i]->kind != ROWS_COLUMN_KEY)
			return false;
		if (list_member_ptr(columns, other->columns[i]))
			continue;
		if (missing != NULL)
			return false;
		missing = other->columns[i];
	}
	if (missing == NULL)
		return false;
	missing->radix = Min(missing->radix, own->value->capacity);
	for (int i = other->ncolumns - 1; i >= 0; i--)
	{
		other->columns[i]->divisor = divisor;
		divisor *= other->columns[i]->radix;
	}
	other->capacity = divisor;
	own->kind = ROWS_COLUMN_KEY;
	own->counted = other;
	own->divisor = missing->divisor;
	own->radix = missing->radix;
	own->value->null_fraction = 0;
	return true;
}
