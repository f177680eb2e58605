/*-------------------------------------------------------------------------
 *
 * fill_parents.c
 *	  Plans a table, and first fills the empty tables that it refers to.
 *
 * Planning only names the table that lacks rows; this file fills that table
 * and then plans again.  It must never fill a table that waits for this one: of tables in
 * a circle, one refers to keys that another one will have, or is null until it has them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/target.h"
#include "rows/write/circle.h"
#include "rows/write/load.h"
#include "rows/write/fill_parents.h"

/* Number of rows to insert into an empty referenced table. */
#define MOST_FILLED_PARENTS 1000

static bool postpones(RowsPlan *plan, RowsCall *call, uint64 nrows);
static uint64 rows_of_parent(RowsPlan *plan, uint64 nrows);
static void fill_parent(RowsPlan *plan, uint64 nrows, RowsCall *call);
static void fill_promised(RowsPlan *plan, RowsPromise *promise);

/* Plan nrows rows (0: the number is unknown).  given may be NULL. */
RowsPlan *
rows_prepare(Oid relid, uint64 nrows, uint64 seed, RowsOptions *options, const RowsCall *given)
{
	RowsCall call = {0};

	if (given != NULL)
		call = *given;
	call.writing = true;
	if (call.circle == NULL)
		call.circle = palloc0(sizeof(RowsCircle));
	for (;;)
	{
		RowsPlan *plan = rows_make_plan(rows_open_target(relid, true), seed, options, &call);

		if (plan->lacking == NULL)
			return plan;
		if (!postpones(plan, &call, nrows))
		{
			fill_parent(plan, nrows, &call);
			call.filled = lappend_oid(call.filled, plan->lacking->info->conoid);
		}
		rows_close_plan(plan);
	}
}

/*
 * A table that cannot be filled first: the key is null until it is, or refers to keys that
 * it will have.
 */
static bool
postpones(RowsPlan *plan, RowsCall *call, uint64 nrows)
{
	RowsKey *key = plan->lacking;
	Oid parent = key->info->confrelid;
	bool waits = list_member_oid(call->waiting, parent);
	bool nullable = rows_may_be_null(plan, key);
	uint64 promised = rows_of_parent(plan, nrows);

	if (!waits && ((!nullable && !key->deferrable) || !rows_is_in_circle(plan, key)))
		return false;
	if (nullable)
	{
		call->postponed = lappend_oid(call->postponed, key->info->conoid);
		return true;
	}
	if (nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("workers cannot fill tables that refer to each other"),
				 errdetail("Rows of \"%s\" and \"%s\" must appear in one transaction.",
						   RelationGetRelationName(plan->rel), get_rel_name(parent)),
				 errhint("Fill them first, with SELECT poc_generate_rows(1000, '%s', options => '{\"parents\": true}').",
						 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->rel)),
													RelationGetRelationName(plan->rel)))));
	for (int i = 0; i < list_length(call->waiting); i++)
	{
		if (list_nth_oid(call->waiting, i) == parent)
			promised = list_nth_int(call->waiting_rows, i);
	}
	rows_promise(plan, key, promised);
	call->filled = lappend_oid(call->filled, key->info->conoid);
	return true;
}

/* How many rows an empty referenced table gets. */
static uint64
rows_of_parent(RowsPlan *plan, uint64 nrows)
{
	if (nrows == 0)
		nrows = MOST_FILLED_PARENTS * 10;
	if (!rows_is_unique_alone(plan, plan->lacking->info, NULL))
		nrows = Min(Max(nrows / 10, 1), MOST_FILLED_PARENTS);
	return nrows;
}

/* Fill the table that the plan lacks rows of, and recursively the tables it refers to. */
static void
fill_parent(RowsPlan *plan, uint64 nrows, RowsCall *call)
{
	RowsCall nested = {.waiting = lappend_oid(list_copy(call->waiting), RelationGetRelid(plan->rel)),
					   .waiting_rows = lappend_int(list_copy(call->waiting_rows),
												   (int) Min(Max(nrows, 1), PG_INT32_MAX)),
					   .circle = call->circle};

	rows_fill_table(plan->lacking->info->confrelid, rows_of_parent(plan, nrows), plan->seed, &nested);
}

/* Fill a table as if with the option "parents". */
void
rows_fill_table(Oid relid, uint64 nrows, uint64 seed, const RowsCall *call)
{
	Jsonb *none = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	RowsOptions *options = rows_parse_options(none);
	RowsPlan *plan;

	check_stack_depth();
	options->parents = true;
	plan = rows_prepare(relid, nrows, seed, options, call);
	rows_write(plan, 0, nrows, none);
	rows_close_circle(plan, nrows);
	rows_close_plan(plan);
}

/* The rows of a plan are written: make those that they refer to already, and set what had to wait. */
void
rows_close_circle(RowsPlan *plan, uint64 nrows)
{
	RowsCircle *circle = plan->call.circle;
	ListCell *cell;

	/* first, as what is filled below must not fill this table again */
	foreach (cell, circle->promises)
	{
		RowsPromise *promise = lfirst(cell);

		promise->kept |= promise->relid == RelationGetRelid(plan->rel);
	}
	rows_verify(circle, RelationGetRelid(plan->rel));
	foreach (cell, circle->promises)
	{
		RowsPromise *promise = lfirst(cell);

		if (!promise->kept && !rows_waits(plan, promise->relid))
			fill_promised(plan, promise);
	}
	foreach (cell, circle->laters)
	{
		RowsLater *later = lfirst(cell);
		RowsCall call = {.circle = circle,
						 .waiting = plan->call.waiting,
						 .waiting_rows = plan->call.waiting_rows};
		Oid parent = later->key->info->confrelid;

		if (later->done || list_member_oid(plan->call.waiting, later->relid) ||
			rows_waits(plan, parent))
			continue;
		later->done = true;
		if (!rows_has_parents(plan, later->key->info))
			rows_fill_table(parent, Min(Max(nrows / 10, 1), MOST_FILLED_PARENTS), plan->seed, &call);
		rows_set_later(plan, later);
	}
	if (plan->call.waiting == NIL)
		rows_verify(circle, InvalidOid);
}

/* Workers fill the table: what had to wait stays null. */
void
rows_tell_postponed(RowsPlan *plan)
{
	ListCell *cell;

	foreach (cell, plan->call.circle->laters)
	{
		RowsLater *later = lfirst(cell);

		if (!later->done)
			ereport(NOTICE, (errmsg("foreign key \"%s\" of table \"%s\" is null in all rows",
									get_constraint_name(later->key->info->conoid),
									get_rel_name(later->relid)),
							 errdetail("Table \"%s\" cannot have rows before.",
									   get_rel_name(later->key->info->confrelid))));
	}
}

static void
fill_promised(RowsPlan *plan, RowsPromise *promise)
{
	RowsCall call = {.circle = plan->call.circle,
					 .waiting = plan->call.waiting,
					 .waiting_rows = plan->call.waiting_rows};

	rows_fill_table(promise->relid, promise->nrows, plan->seed, &call);
}
