/*-------------------------------------------------------------------------
 *
 * foreign_filter.c
 *	  Keeps those referenced rows whose values the columns of a foreign key take:
 *	  by the options, by domains and CHECKs, by other foreign keys.
 *
 * Only conditions on the columns of the foreign key alone are looked at here; the
 * others are tried on each row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/generator.h"

static List *checks_on(RowsPlan *plan, RowsForeign *foreign);
static void keep_row(RowsForeign *foreign, uint64 *nkept, uint64 row);

/* Keep only the referenced rows with the values that the options list. */
void
rows_keep_chosen(RowsPlan *plan, RowsForeign *foreign)
{
	uint64 nkept = 0;

	for (uint64 row = 0; row < foreign->nparents; row++)
	{
		bool chosen = true;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < foreign->ncolumns && chosen; i++)
		{
			RowsValue *value = plan->columns[foreign->attnums[i] - 1].value;
			uint64 ordinal;

			if (value != NULL && value->nchoices > 0 &&
				plan->columns[foreign->attnums[i] - 1].foreign == NULL)
				chosen = value->decode(value, rows_foreign_value(foreign, row, i), &ordinal);
		}
		if (chosen)
			keep_row(foreign, &nkept, row);
	}
	foreign->nparents = nkept;
	if (nkept == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table \"%s\" has no rows with the values that the options give to the columns of \"%s\"",
						get_rel_name(foreign->parent), RelationGetRelationName(plan->rel)),
				 errdetail("Foreign key \"%s\" takes its values from there.",
						   get_constraint_name(foreign->constraint)),
				 errhint("Give other values, or insert a row that has these.")));
}

/*
 * Keep only the referenced rows that the CHECKs on the columns, and their domains, take.  One
 * that makes a CHECK raise an error about its data is none.
 */
void
rows_keep_admissible(RowsPlan *plan, RowsForeign *foreign)
{
	List *checks = checks_on(plan, foreign);
	EState *estate;
	RowsTrial *trial;
	Datum *values = palloc0(sizeof(Datum) * Max(plan->natts, 1));
	bool *isnull = palloc(sizeof(bool) * Max(plan->natts, 1));
	List *states = NIL;
	bool may_fail = false;
	uint64 nkept = 0;
	ListCell *cell;

	if (checks == NIL)
		return;
	estate = CreateExecutorState();
	trial = rows_make_trial(plan, estate);
	foreach (cell, checks)
	{
		RowsCheck *check = lfirst(cell);

		states = lappend(states, ExecPrepareExpr(check->expr, estate));
		may_fail |= check->may_fail;
	}
	memset(isnull, true, sizeof(bool) * plan->natts);
	rows_catch_in_trial(trial, may_fail);
	for (uint64 row = 0; row < foreign->nparents; row++)
	{
		bool passes = true;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < foreign->ncolumns; i++)
		{
			values[foreign->attnums[i] - 1] = foreign->values[row * foreign->ncolumns + i];
			isnull[foreign->attnums[i] - 1] = false;
		}
		rows_set_trial(trial, values, isnull);
		foreach (cell, states)
			passes = passes && rows_passes(trial, lfirst(cell));
		if (passes)
			keep_row(foreign, &nkept, row);
	}
	rows_end_trial(trial);
	foreign->nparents = nkept;
	ExecDropSingleTupleTableSlot(trial->slot);
	FreeExecutorState(estate);
}

/* The CHECKs that speak of columns of the foreign key alone. */
static List *
checks_on(RowsPlan *plan, RowsForeign *foreign)
{
	List *lists[] = {plan->checks, plan->bounding_checks};
	Bitmapset *columns = NULL;
	List *checks = NIL;
	ListCell *cell;

	for (int i = 0; i < foreign->ncolumns; i++)
		columns = bms_add_member(columns, foreign->attnums[i] - FirstLowInvalidHeapAttributeNumber);
	for (int i = 0; i < lengthof(lists); i++)
	{
		foreach (cell, lists[i])
		{
			RowsCheck *check = lfirst(cell);

			if (!bms_is_empty(check->attributes) && bms_is_subset(check->attributes, columns) &&
				rows_may_evaluate(plan, (Node *) check->expr))
				checks = lappend(checks, check);
		}
	}
	return checks;
}

/* Do these columns take their values from one foreign key, whose rows were chosen by CHECKs on them? */
bool
rows_is_settled(RowsPlan *plan, Bitmapset *attributes)
{
	RowsForeign *foreign = NULL;
	int member = -1;

	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;
		RowsColumn *column = attnum > 0 ? &plan->columns[attnum - 1] : NULL;

		if (column == NULL || column->foreign == NULL || column->foreign->join != NULL ||
			(foreign != NULL && column->foreign != foreign))
			return false;
		foreign = column->foreign;
	}
	return foreign != NULL;
}

/*
 * Keep only those rows of one foreign key that another one takes, too, whose columns are
 * all among those of the first.  False: not possible, or none is left.
 */
bool
rows_keep_agreeing(RowsForeign *foreign, RowsForeign *other)
{
	uint64 nkept = 0;
	Datum *values = palloc(sizeof(Datum) * other->ncolumns);
	int *component = palloc(sizeof(int) * other->ncolumns);

	if (foreign->join != NULL || other->join != NULL)
		return false;
	other->counts = palloc(sizeof(bool) * other->ncolumns);
	for (int i = 0; i < other->ncolumns; i++)
	{
		other->counts[i] = true;
		component[i] = -1;
		for (int j = 0; j < foreign->ncolumns; j++)
		{
			if (foreign->attnums[j] == other->attnums[i])
				component[i] = j;
		}
		if (component[i] < 0 || foreign->types[component[i]] != other->types[i])
			return false;
	}
	rows_hash_parents(other);
	for (uint64 row = 0; row < foreign->nparents; row++)
	{
		uint64 ordinal;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < other->ncolumns; i++)
			values[i] = foreign->values[row * foreign->ncolumns + component[i]];
		if (rows_find_parent(other, values, &ordinal))
			keep_row(foreign, &nkept, row);
	}
	if (nkept > 0)
		foreign->nparents = nkept;
	return nkept > 0;
}

/*
 * Do the rows that a wider foreign key refers to have the narrower one themselves?  Then
 * (tenant, customer) determines a tenant that exists, and nothing has to be read.
 */
bool
rows_agrees_already(RowsPlan *plan, RowsKey *key, RowsForeign *wider)
{
	Relation rel;
	bool found = false;
	ListCell *cell;

	if (wider->join != NULL)
		return true; /* PostgreSQL checks each row */
	if (wider->ncolumns <= key->info->nkeys)
		return false;
	rel = table_open(wider->parent, AccessShareLock);
	foreach (cell, RelationGetFKeyList(rel))
	{
		ForeignKeyCacheInfo *info = lfirst(cell);

		if (info->confrelid == key->info->confrelid && info->nkeys == key->info->nkeys &&
			poc_foreign_key_is_enforced(info))
			found = true;
	}
	table_close(rel, AccessShareLock);
	return found;
}

static void
keep_row(RowsForeign *foreign, uint64 *nkept, uint64 row)
{
	memmove(foreign->values + *nkept * foreign->ncolumns, foreign->values + row * foreign->ncolumns,
			sizeof(Datum) * foreign->ncolumns);
	(*nkept)++;
}
