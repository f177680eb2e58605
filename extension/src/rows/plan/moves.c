/*-------------------------------------------------------------------------
 *
 * moves.c
 *	  What the search for a row may change: the columns of each condition, and the
 *	  values that may suit it.
 *
 * A column whose values somebody else determines (a key, a partition, an option, the
 * rows that a foreign key refers to) must get no other value than its generator makes, or
 * a null.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

/* Candidates are random: more than one of each is tried. */
#define DRAWS_OF_CANDIDATE 4
#define DRAWS_OF_NULLS	   4
#define DRAWS_OF_NEAR	   3

static void plan_check(RowsPlan *plan, RowsCheck *check);
static void plan_arms(RowsPlan *plan, RowsCheck *check);
static void plan_column_moves(RowsPlan *plan, RowsCheck *check, RowsColumn *column,
							  RowsMention *mention);
static bool is_free(RowsColumn *column);
static void add_move(RowsCheck *check, RowsMoveKind kind, RowsColumn *column, int times);
static void add_patterns(RowsPlan *plan, RowsCheck *check, RowsColumn *column);
static bool is_movable(RowsColumn *column);

/* Plan the moves of all checks, and which checks a move may break. */
void
rows_plan_moves(RowsPlan *plan)
{
	Bitmapset *movable = NULL;
	ListCell *cell;

	foreach (cell, plan->checks)
	{
		RowsCheck *check = lfirst(cell);

		plan_check(plan, check);
		plan_arms(plan, check);
		movable = bms_add_members(movable, check->attributes);
	}
	foreach (cell, plan->bounding_checks)
	{
		RowsCheck *check = lfirst(cell);

		if (!bms_overlap(check->attributes, movable) || list_member_ptr(plan->checks, check))
			continue;
		plan_check(plan, check);
		plan->search_checks = lappend(plan->search_checks, check);
	}
	plan->searched = true;
}

static void
plan_check(RowsPlan *plan, RowsCheck *check)
{
	RowsMention *mention = rows_read_mention((Node *) check->expr);
	int member = -1;

	CHECK_FOR_INTERRUPTS();
	while ((member = bms_next_member(check->attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0)
			plan_column_moves(plan, check, &plan->columns[attnum - 1], mention);
	}
	if (list_length(check->nullable) > 1)
		add_move(check, ROWS_MOVE_NULLS, NULL, DRAWS_OF_NULLS);
}

/* The alternatives of a condition of several columns, with the moves of each part. */
static void
plan_arms(RowsPlan *plan, RowsCheck *check)
{
	ListCell *cell;

	if (bms_membership(check->attributes) != BMS_MULTIPLE)
		return;
	foreach (cell, rows_arms((Node *) check->expr))
	{
		List *arm = NIL;
		ListCell *part;

		foreach (part, (List *) lfirst(cell))
		{
			RowsCheck *found = rows_make_check(check->name, lfirst(part));

			plan_check(plan, found);
			/* beside other parts, a null of one column tells something */
			if (bms_membership(found->attributes) == BMS_SINGLETON && found->nullable != NIL)
				add_move(found, ROWS_MOVE_NULL, linitial(found->nullable), DRAWS_OF_NULLS);
			arm = lappend(arm, found);
		}
		check->arms = lappend(check->arms, arm);
	}
}

static void
plan_column_moves(RowsPlan *plan, RowsCheck *check, RowsColumn *column, RowsMention *mention)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);
	bool movable = is_movable(column);
	ListCell *cell;

	if (!attribute->attnotnull && !column->bounds.not_null &&
		(movable || rows_key_may_be_null(plan, column)) &&
		(column->options == NULL || (!column->shaped && column->options->null_fraction < 0) ||
		 (column->value != NULL && column->value->null_fraction > 0)))
	{
		check->nullable = lappend(check->nullable, column);
		/* of one column, a null tells nothing: it is the last resort */
		if (bms_membership(check->attributes) == BMS_MULTIPLE)
			add_move(check, ROWS_MOVE_NULL, column, 1);
	}
	if (!movable)
		return;
	add_move(check, ROWS_MOVE_DRAW, column, DRAWS_OF_CANDIDATE);
	if (!column->shaped)
	{
		foreach (cell,
				 rows_solve((Node *) check->expr, column, attribute->atttypid, attribute->atttypmod))
		{
			/* of the rows that a foreign key may refer to, any is as good as a constant */
			if (!is_free(column) && !contain_var_clause(lfirst(cell)))
				continue;
			add_move(check, ROWS_MOVE_EXPRESSION, column, 1);
			((RowsMove *) llast(check->moves))->expr = lfirst(cell);
			if (column->value->from_int == NULL || !is_free(column))
				continue;
			for (int i = 0; i < DRAWS_OF_NEAR; i++)
			{
				add_move(check, ROWS_MOVE_NEAR, column, 1);
				((RowsMove *) llast(check->moves))->expr = lfirst(cell);
			}
		}
	}
	if (!is_free(column))
		return;
	mention->min_length = column->bounds.min_length;
	mention->max_length = column->bounds.max_length;
	foreach (cell, rows_candidates(attribute->atttypid, attribute->atttypmod, mention))
	{
		for (int i = 0; i < DRAWS_OF_CANDIDATE; i++)
		{
			add_move(check, ROWS_MOVE_CANDIDATE, column, 1);
			((RowsMove *) llast(check->moves))->value = lfirst(cell);
		}
	}
	add_patterns(plan, check, column);
}

static bool
is_movable(RowsColumn *column)
{
	if ((column->kind != ROWS_COLUMN_RANDOM && column->kind != ROWS_COLUMN_FALLBACK) ||
		column->region_value != NULL || column->value == NULL || column->promised)
		return false;
	/* the other columns of the key would have to follow */
	return column->foreign == NULL || column->foreign->ncolumns == 1;
}

/* May it take any value of its type? */
static bool
is_free(RowsColumn *column)
{
	return !column->shaped && !column->planned;
}

static void
add_move(RowsCheck *check, RowsMoveKind kind, RowsColumn *column, int times)
{
	for (int i = 0; i < times; i++)
	{
		RowsMove *move = palloc0(sizeof(RowsMove));

		move->kind = kind;
		move->column = column;
		check->moves = lappend(check->moves, move);
	}
}

/* Strings of the patterns that the condition compares the column with. */
static void
add_patterns(RowsPlan *plan, RowsCheck *check, RowsColumn *column)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);
	int32 typmod = attribute->atttypmod;
	Oid type = getBaseTypeAndTypmod(attribute->atttypid, &typmod);
	RowsPatternBound *only = rows_read_pattern((Node *) check->expr, column->attnum);
	List *patterns = (only != NULL) ? list_make1(only) : NIL;
	ListCell *cell;

	foreach (cell, patterns)
	{
		RowsPatternBound *pattern = lfirst(cell);
		RowsBounds none;
		RowsValue *value;

		rows_init_bounds(&none);
		none.min_length = column->bounds.min_length;
		none.max_length = column->bounds.max_length;
		value = rows_make_value(type, typmod, &none, NULL);
		if (value == NULL || !rows_init_regex(value, pattern->text, pattern->kind, &none))
			continue;
		for (int i = 0; i < DRAWS_OF_CANDIDATE; i++)
		{
			add_move(check, ROWS_MOVE_CANDIDATE, column, 1);
			((RowsMove *) llast(check->moves))->value = value;
		}
	}
}
