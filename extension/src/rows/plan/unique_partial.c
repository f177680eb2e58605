/*-------------------------------------------------------------------------
 *
 * unique_partial.c
 *	  Partial unique indexes: which rows they bind.
 *
 * A row that gets no ordinal, because the index has no room for it, must not satisfy the
 * index's predicate.
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

/* Has the index a predicate?  What a partition alone leaves out is counted with the rest. */
bool
rows_is_partial(RowsPlan *plan, Relation index)
{
	return index->rd_index->indrelid == RelationGetRelid(plan->rel) &&
		   RelationGetIndexPredicate(index) != NIL;
}

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
