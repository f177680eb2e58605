/*-------------------------------------------------------------------------
 *
 * query_source.c
 *	  _poc.rows(): generated rows as the source of a query, for tables that
 *	  only the executor may write to.
 *
 * It makes the same rows as the other paths, so tests compare those with it.
 * It must never draw from a sequence, as the INSERT around it does, unless the rows refer
 * to each other by what is drawn.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/target.h"
#include "rows/write/insert_select.h"
#include "rows/write/maker.h"
#include "rows/write/unique_start.h"

/* State of _poc.rows() between calls. */
typedef struct RowsSource
{
	RowsPlan *plan;
	RowsMaker *maker;
	EState *estate;
	ErrorContextCallback callback;
	Datum *values;
	bool *isnull;
} RowsSource;

static RowsSource *start_source(FunctionCallInfo fcinfo);
static void end_source(Datum source);

PG_FUNCTION_INFO_V1(poc_rows);

/* _poc.rows(row anyelement, target regclass, first bigint, n bigint, seed bigint, options jsonb): rows of that type */
Datum
poc_rows(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	RowsSource *source;
	HeapTuple tuple;
	uint64 row;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = start_source(fcinfo);
		call->max_calls = PG_GETARG_INT64(3);
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	source = call->user_fctx;
	if (call->call_cntr >= call->max_calls)
	{
		UnregisterExprContextCallback(((ReturnSetInfo *) fcinfo->resultinfo)->econtext, end_source,
									  PointerGetDatum(source));
		end_source(PointerGetDatum(source));
		SRF_RETURN_DONE(call);
	}

	source->callback.previous = error_context_stack;
	error_context_stack = &source->callback;
	row = (uint64) PG_GETARG_INT64(2) + call->call_cntr;
	rows_reset_maker(source->maker);
	rows_make_row(source->maker, row, source->values, source->isnull);
	tuple = heap_form_tuple(RelationGetDescr(source->plan->rel), source->values, source->isnull);
	error_context_stack = source->callback.previous;
	SRF_RETURN_NEXT(call, HeapTupleGetDatum(tuple));
}

static RowsSource *
start_source(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	RowsSource *source = palloc0(sizeof(RowsSource));
	bool given = true;
	bool is_written = false;
	RowsCall call = {0};

	for (int i = 1; i < PG_NARGS(); i++)
		given &= !PG_ARGISNULL(i);
	if (given && (PG_GETARG_INT64(2) < 0 || PG_GETARG_INT64(3) < 0 ||
				  PG_GETARG_INT64(3) > PG_INT64_MAX - PG_GETARG_INT64(2)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the numbers of rows are out of range"),
						errhint("Use poc_preview_rows().")));
	if (given)
	{
		is_written = rows_call_of_query(PG_GETARG_OID(1), &call);
		source->plan = rows_make_plan(rows_open_target(PG_GETARG_OID(1), false),
									  (uint64) PG_GETARG_INT64(4),
									  rows_parse_options(PG_GETARG_JSONB_P(5)), &call);
	}
	if (!given || source->plan->rel->rd_rel->reltype != type)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("rows are made of the row type of a table"),
						errhint("Use poc_preview_rows().")));
	rows_find_bases(source->plan, PG_GETARG_INT64(2) + PG_GETARG_INT64(3));
	source->estate = CreateExecutorState();
	source->maker = rows_make_maker(source->plan, source->estate,
									(uint64) PG_GETARG_INT64(2) + PG_GETARG_INT64(3));
	source->maker->dry = !is_written || source->plan->hierarchies == NIL;
	source->values = palloc0(sizeof(Datum) * Max(source->plan->natts, 1));
	source->isnull = palloc0(sizeof(bool) * Max(source->plan->natts, 1));
	source->callback.callback = rows_error_context;
	source->callback.arg = source->maker;

	/* closes the table also when a LIMIT ends the query early */
	RegisterExprContextCallback(result->econtext, end_source, PointerGetDatum(source));
	return source;
}

static void
end_source(Datum datum)
{
	RowsSource *source = (RowsSource *) DatumGetPointer(datum);

	if (source->maker->check_slot != NULL)
		ExecDropSingleTupleTableSlot(source->maker->check_slot);
	FreeExecutorState(source->estate);
	rows_close_plan(source->plan);
}
