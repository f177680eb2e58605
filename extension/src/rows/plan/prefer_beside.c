/*-------------------------------------------------------------------------
 *
 * prefer_beside.c
 *	  The pattern that a unique column is counted by, if only conditions beside other
 *	  columns name one: CASE brand WHEN 'visa' THEN number ~ '^4\d{15}$' ...
 *
 * The search gives the other columns what suits it; they, not the key, can be changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

typedef struct Beside
{
	RowsColumn *column;
	Oid type;
	int32 typmod;
	RowsValue *value; /* what counts by the pattern */
} Beside;

static bool find_pattern(Node *node, void *context);

/* NULL: there is no such pattern, or it has too few strings. */
RowsValue *
rows_pattern_beside(RowsPlan *plan, RowsColumn *column)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);
	Beside beside = {column, attribute->atttypid, attribute->atttypmod, NULL};
	ListCell *cell;

	foreach (cell, plan->checks)
	{
		RowsCheck *check = lfirst(cell);

		if (bms_membership(check->attributes) == BMS_MULTIPLE &&
			bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, check->attributes) &&
			rows_is_built_in((Node *) check->expr))
			(void) find_pattern((Node *) check->expr, &beside);
	}
	return beside.value;
}

static bool
find_pattern(Node *node, void *context)
{
	Beside *beside = context;
	RowsPatternBound *pattern;
	RowsBounds room = beside->column->bounds;
	RowsValue *value;

	if (node == NULL || beside->value != NULL)
		return false;
	pattern = rows_read_pattern(node, beside->column->attnum);
	if (pattern == NULL)
		return expression_tree_walker(node, find_pattern, context);
	room.lows = room.highs = room.choices = NIL;
	value = rows_make_value(beside->type, beside->typmod, &room, NULL);
	if (value != NULL && rows_init_regex(value, pattern->text, pattern->kind, &room) &&
		value->encode != NULL && value->capacity >= ROWS_ENOUGH_STRINGS)
		beside->value = value;
	return false;
}
