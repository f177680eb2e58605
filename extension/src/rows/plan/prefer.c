/*-------------------------------------------------------------------------
 *
 * prefer.c
 *	  Chooses the generator of a column by what its conditions accept: patterns, other
 *	  alphabets, multiples, or values found beforehand.
 *
 * A search for each row would find such values, too, but takes longer; and what is
 * unique has to be counted.  Only conditions of one column, and of PostgreSQL's own
 * functions, are evaluated.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/prefer.h"
#include "rows/plan/steps.h"

/* Of ROWS_SAMPLES values of a generator: if so many are accepted, none better is looked for. */
#define ENOUGH 15

static void choose(RowsChoosing *choosing);
static bool start_choosing(RowsChoosing *choosing);
static List *bounds_of(RowsChoosing *choosing);
static void try_bounds(RowsChoosing *choosing);
static bool lasts_longer(RowsChoosing *choosing, const RowsValue *value, const RowsValue *other);
static List *alternatives(RowsChoosing *choosing);

void
rows_prefer_values(RowsPlan *plan)
{
	RowsChoosing choosing = {.plan = plan};

	for (int i = 0; i < plan->natts; i++)
	{
		choosing.column = &plan->columns[i];
		choosing.attribute = TupleDescAttr(RelationGetDescr(plan->rel), i);
		choosing.states = NIL;
		if (choosing.column->kind == ROWS_COLUMN_RANDOM && !choosing.column->shaped &&
			!choosing.column->planned && choosing.column->region_value == NULL &&
			choosing.column->value->nchoices == 0 && start_choosing(&choosing))
		{
			choose(&choosing);
			rows_end_trial(choosing.trial);
		}
	}
	if (choosing.estate == NULL)
		return;
	ExecDropSingleTupleTableSlot(choosing.trial->slot);
	FreeExecutorState(choosing.estate);
}

/* Prepare the conditions of the column; false if there are none. */
static bool
start_choosing(RowsChoosing *choosing)
{
	RowsPlan *plan = choosing->plan;
	List *conditions = NIL;
	ListCell *cell;
	int member;

	foreach (cell, plan->checks)
	{
		RowsCheck *check = lfirst(cell);

		if (bms_get_singleton_member(check->attributes, &member) &&
			member == choosing->column->attnum - FirstLowInvalidHeapAttributeNumber &&
			rows_is_built_in((Node *) check->expr))
			conditions = lappend(conditions, check->expr);
	}
	if (conditions == NIL)
	{
		rows_follow_pattern(choosing);
		return false;
	}
	/* what another generator makes need not lie within the bounds */
	conditions = list_concat(conditions, bounds_of(choosing));
	if (choosing->estate == NULL)
	{
		choosing->estate = CreateExecutorState();
		choosing->trial = rows_make_trial(plan, choosing->estate);
		choosing->values = palloc0(sizeof(Datum) * plan->natts);
		choosing->isnull = palloc(sizeof(bool) * plan->natts);
		choosing->arena = palloc(sizeof(RowsArena));
		rows_init_arena(choosing->arena);
	}
	memset(choosing->isnull, true, sizeof(bool) * plan->natts);
	foreach (cell, conditions)
		choosing->states = lappend(choosing->states, ExecPrepareExpr(lfirst(cell), choosing->estate));
	choosing->mention = rows_read_mention((Node *) conditions);
	choosing->mention->min_length = choosing->column->bounds.min_length;
	choosing->mention->max_length = choosing->column->bounds.max_length;
	choosing->counted = rows_is_unique_column(plan, choosing->column);
	rows_catch_in_trial(choosing->trial, true);
	return true;
}

/* The conditions that the bounds of the column imply. */
static List *
bounds_of(RowsChoosing *choosing)
{
	List *conditions = NIL;
	ListCell *cell;
	int member;

	foreach (cell, choosing->plan->bounding_checks)
	{
		RowsCheck *check = lfirst(cell);

		if (bms_get_singleton_member(check->attributes, &member) &&
			member == choosing->column->attnum - FirstLowInvalidHeapAttributeNumber &&
			!list_member_ptr(choosing->plan->checks, check) && rows_is_built_in((Node *) check->expr))
			conditions = lappend(conditions, check->expr);
	}
	return conditions;
}

/* Bounds that the column's own generator obeys, and the chosen one need not: try each row. */
static void
try_bounds(RowsChoosing *choosing)
{
	RowsPlan *plan = choosing->plan;
	ListCell *cell;
	int member;

	foreach (cell, plan->bounding_checks)
	{
		RowsCheck *check = lfirst(cell);

		if (bms_get_singleton_member(check->attributes, &member) &&
			member == choosing->column->attnum - FirstLowInvalidHeapAttributeNumber)
			plan->checks = list_append_unique_ptr(plan->checks, check);
	}
}

static void
choose(RowsChoosing *choosing)
{
	RowsColumn *column = choosing->column;
	int most = rows_count_accepted(choosing, column->value);
	RowsValue *best = NULL;
	List *generators;
	ListCell *cell;

	column->suits = (most == ROWS_SAMPLES);
	if (most >= ENOUGH)
		return;
	generators = alternatives(choosing);
	foreach (cell, generators)
	{
		int n = rows_count_accepted(choosing, lfirst(cell));

		if (n > most || (best != NULL && n == most && lasts_longer(choosing, lfirst(cell), best)))
		{
			most = n;
			best = lfirst(cell);
		}
		if (n >= ENOUGH && (!choosing->counted || best->capacity >= ROWS_ENOUGH_STRINGS))
			break;
	}
	if (most < ENOUGH && choosing->counted &&
		(column->value->is_text || column->value->type == BPCHAROID))
	{
		RowsValue *learned = rows_learn_form(choosing, generators);

		if (learned != NULL)
		{
			best = learned;
			most = rows_count_accepted(choosing, learned);
		}
	}
	/* numbers that are found are not as evenly distributed as those of a range */
	if (most < (column->value->from_int == NULL ? ROWS_SAMPLES / 2 : 1) && !choosing->counted)
	{
		RowsValue *pool;

		generators = list_concat(generators, rows_candidates(choosing->attribute->atttypid,
															 choosing->attribute->atttypmod,
															 choosing->mention));
		pool = rows_pool_of(choosing, generators);
		if (pool != NULL)
			best = pool;
	}
	if (best == NULL)
		return;
	/* of numbers, the alternatives are multiples within the bounds */
	if (best->from_int == NULL && best->nchoices == 0)
		try_bounds(choosing);
	column->suits = (most == ROWS_SAMPLES);
	best->null_fraction = column->value->null_fraction;
	column->value = best;
}

/* Has a generator more values, where the other one has few for a unique column? */
static bool
lasts_longer(RowsChoosing *choosing, const RowsValue *value, const RowsValue *other)
{
	return choosing->counted && other->capacity < ROWS_ENOUGH_STRINGS &&
		   value->capacity > other->capacity;
}

/* Other generators for the column, the most likely first. */
static List *
alternatives(RowsChoosing *choosing)
{
	List *list = NIL;
	RowsValue *value = choosing->column->value;

	if (value->is_text || value->type == BPCHAROID)
		rows_add_texts(choosing, &list);
	else if (choosing->counted)
		list = rows_other_counts(value, choosing->mention);
	return list;
}
