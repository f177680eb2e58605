/*-------------------------------------------------------------------------
 *
 * fill_parents.c
 *	  Plans a table, and first fills the empty tables that it refers to.
 *
 * Planning only names the table that lacks rows; this file fills that table
 * and then plans again.  It must never fill a table that waits for this one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/target.h"
#include "rows/write/load.h"
#include "rows/write/fill_parents.h"

/* Number of rows to insert into an empty referenced table. */
#define MOST_FILLED_PARENTS 1000

static void fill_parent(RowsPlan *plan, uint64 nrows, List *waiting);

/* Plan nrows rows (0: the number is unknown).  given may be NULL. */
RowsPlan *
rows_prepare(Oid relid, uint64 nrows, uint64 seed, RowsOptions *options, const RowsCall *given)
{
	RowsCall call = {0};

	if (given != NULL)
		call = *given;
	call.writing = true;
	for (;;)
	{
		RowsPlan *plan = rows_make_plan(rows_open_target(relid, true), seed, options, &call);

		if (plan->lacking == NULL)
			return plan;
		fill_parent(plan, nrows, call.waiting);
		call.filled = lappend_oid(call.filled, plan->lacking->info->conoid);
		rows_close_plan(plan);
	}
}

/* Fill the table that the plan lacks rows of, and recursively the tables it refers to. */
static void
fill_parent(RowsPlan *plan, uint64 nrows, List *waiting)
{
	Jsonb *none = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	RowsOptions *options = rows_parse_options(none);
	RowsCall call = {.waiting = lappend_oid(list_copy(waiting), RelationGetRelid(plan->rel))};
	RowsPlan *parent;

	check_stack_depth();
	if (nrows == 0)
		nrows = MOST_FILLED_PARENTS * 10;
	if (!rows_is_unique_alone(plan, plan->lacking->info, NULL))
		nrows = Min(Max(nrows / 10, 1), MOST_FILLED_PARENTS);
	options->parents = true;
	parent = rows_prepare(plan->lacking->info->confrelid, nrows, plan->seed, options, &call);
	rows_write(parent, 0, nrows, none);
	rows_close_plan(parent);
}
