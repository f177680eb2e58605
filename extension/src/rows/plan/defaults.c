/*-------------------------------------------------------------------------
 *
 * defaults.c
 *	  Defaults that a column cannot have: those that its type or a condition rejects, and
 *	  those that are null where null is not allowed.
 *
 * Such a default guards against a forgotten value; a person who inserts a row gives one.
 * A default that the option "default" asks for must stay.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/sysattr.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/generator.h"
#include "rows/value/type.h"

static bool has_condition(RowsPlan *plan, RowsColumn *column, bool is_constant);
static bool has_predicate(RowsPlan *plan, RowsColumn *column);
static bool conditions_accept(RowsPlan *plan, RowsColumn *column, List *checks, RowsTrial *trial,
							  EState *estate);
static bool mentions(const RowsCheck *check, const RowsColumn *column);

/*
 * Is a default possible that is the same for each row?  Otherwise the column gets other
 * values.  Only conditions of PostgreSQL's own functions are evaluated here.
 */
bool
rows_default_suits(RowsPlan *plan, RowsColumn *column, Expr *expr)
{
	Datum *values = palloc0(sizeof(Datum) * plan->natts);
	bool *isnull = palloc(sizeof(bool) * plan->natts);
	Const *constant = (Const *) expr;
	EState *estate;
	RowsTrial *trial;
	bool suits;

	if (!IsA(expr, Const))
		return true;
	memset(isnull, true, sizeof(bool) * plan->natts);
	values[column->attnum - 1] = constant->constvalue;
	isnull[column->attnum - 1] = constant->constisnull;
	estate = CreateExecutorState();
	trial = rows_make_trial(plan, estate);
	rows_catch_in_trial(trial, true);
	rows_set_trial(trial, values, isnull);
	suits = conditions_accept(plan, column, plan->checks, trial, estate) &&
			conditions_accept(plan, column, plan->bounding_checks, trial, estate);
	rows_end_trial(trial);
	ExecDropSingleTupleTableSlot(trial->slot);
	FreeExecutorState(estate);
	return suits;
}

static bool
conditions_accept(RowsPlan *plan, RowsColumn *column, List *checks, RowsTrial *trial, EState *estate)
{
	ListCell *cell;
	int member;

	foreach (cell, checks)
	{
		RowsCheck *check = lfirst(cell);

		if (bms_get_singleton_member(check->attributes, &member) && mentions(check, column) &&
			rows_is_built_in((Node *) check->expr) &&
			!rows_passes(trial, ExecPrepareExpr(check->expr, estate)))
			return false;
	}
	return true;
}

static bool
mentions(const RowsCheck *check, const RowsColumn *column)
{
	return bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, check->attributes);
}

/* Let other values replace a default in the rows in which it does not suit. */
void
rows_settle_defaults(RowsPlan *plan)
{
	for (int i = 0; i < plan->natts; i++)
	{
		RowsColumn *column = &plan->columns[i];
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), i);
		bool is_constant;

		if (column->kind != ROWS_COLUMN_DEFAULT || column->is_volatile ||
			attribute->attidentity != '\0' ||
			(column->options != NULL && column->options->use_default == 1))
			continue;
		is_constant = IsA(column->default_expr, Const);
		column->bounds.not_null |= attribute->attnotnull;
		if (!(column->bounds.not_null && !is_constant) &&
			!has_condition(plan, column, is_constant) && !has_predicate(plan, column))
			continue;
		/* a column that an INSERT names takes a privilege of its own */
		if (pg_class_aclcheck(RelationGetRelid(plan->rel), plan->role, ACL_INSERT) != ACLCHECK_OK &&
			pg_attribute_aclcheck(RelationGetRelid(plan->rel), column->attnum, plan->role,
								  ACL_INSERT) != ACLCHECK_OK)
			continue;
		column->value = rows_make_value(attribute->atttypid, attribute->atttypmod, &column->bounds,
										NameStr(attribute->attname));
		if (column->value != NULL)
			column->kind = ROWS_COLUMN_FALLBACK;
	}
}

/* Does a partial unique index ask for the column?  Rows that it has no room for avoid it. */
static bool
has_predicate(RowsPlan *plan, RowsColumn *column)
{
	List *indexes = RelationGetIndexList(plan->rel);
	Bitmapset *attributes = NULL;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_index->indisunique)
			pull_varattnos((Node *) RelationGetIndexPredicate(index), 1, &attributes);
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, attributes);
}

/* Is there a condition that the default might not satisfy in some row? */
static bool
has_condition(RowsPlan *plan, RowsColumn *column, bool is_constant)
{
	List *both[] = {plan->checks, plan->bounding_checks};
	ListCell *cell;
	int member;

	for (int i = 0; i < lengthof(both); i++)
	{
		foreach (cell, both[i])
		{
			RowsCheck *check = lfirst(cell);

			if (!mentions(check, column))
				continue;
			/* rows_default_suits() has tried those of a constant and this column alone */
			if (!is_constant || !bms_get_singleton_member(check->attributes, &member) ||
				!rows_is_built_in((Node *) check->expr))
				return true;
		}
	}
	return false;
}

/*
 * A constant default cannot be unique: count the column instead, as if the
 * option "default" were false.
 */
List *
rows_replace_default(RowsPlan *plan, List *columns)
{
	ListCell *cell;

	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);
		RowsValue *value;

		if ((column->kind != ROWS_COLUMN_DEFAULT && column->kind != ROWS_COLUMN_FALLBACK) ||
			column->is_volatile || (column->options != NULL && column->options->use_default == 1))
			continue;
		value = rows_make_value(attribute->atttypid, attribute->atttypmod, &column->bounds,
								NameStr(attribute->attname));
		if (value == NULL || value->encode == NULL || value->capacity == 0)
			continue;
		column->kind = ROWS_COLUMN_RANDOM;
		column->value = value;
		column->bounded = true;
		return list_make1(column);
	}
	return NIL;
}
