/*-------------------------------------------------------------------------
 *
 * source.c
 *	  Made-up rows as the source of a query, for the tables that only the
 *	  executor itself may write to.
 *
 * Makes the same rows as the other paths, so it is what they are tested
 * against.  Must never draw from a sequence: the INSERT around it does.
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
#include "base/sibling.h"
#include "rows/plan/table.h"

/* A run of _poc.rows(), from call to call. */
typedef struct RowsSource
{
	RowsPlan   *plan;
	RowsMaker  *maker;
	EState	   *estate;
	ErrorContextCallback callback;
	Datum	   *values;
	bool	   *isnull;
} RowsSource;

/* Whose INSERT is running: its source counts as it does. */
static RowsPlan *writing = NULL;

static RowsSource *start_source(FunctionCallInfo fcinfo);
static void end_source(Datum source);
static char *source_query(RowsPlan *plan, uint64 first, uint64 n, Jsonb *options, char **columns);

PG_FUNCTION_INFO_V1(poc_rows);

/* _poc.rows(row anyelement, target regclass, first bigint, n bigint, seed bigint, options jsonb): rows of that type */
Datum
poc_rows(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	RowsSource *source;
	HeapTuple	tuple;
	uint64		row;

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
		UnregisterExprContextCallback(((ReturnSetInfo *) fcinfo->resultinfo)->econtext,
									  end_source, PointerGetDatum(source));
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
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	RowsSource *source = palloc0(sizeof(RowsSource));
	bool		given = true;

	for (int i = 1; i < PG_NARGS(); i++)
		given &= !PG_ARGISNULL(i);
	if (given && (PG_GETARG_INT64(2) < 0 || PG_GETARG_INT64(3) < 0 ||
				  PG_GETARG_INT64(3) > PG_INT64_MAX - PG_GETARG_INT64(2)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the numbers of rows are out of range"),
				 errhint("Use poc_preview_rows().")));
	if (given)
		source->plan = rows_make_plan(rows_open_target(PG_GETARG_OID(1), false),
									  (uint64) PG_GETARG_INT64(4),
									  rows_parse_options(PG_GETARG_JSONB_P(5)), false);
	if (!given || source->plan->rel->rd_rel->reltype != type)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows are made of the row type of a table"),
				 errhint("Use poc_preview_rows().")));
	if (writing != NULL && RelationGetRelid(writing->target) == PG_GETARG_OID(1))
	{
		source->plan->options->bases = writing->options->bases;
		source->plan->options->nbases = writing->options->nbases;
	}
	rows_find_bases(source->plan, PG_GETARG_INT64(2) + PG_GETARG_INT64(3));
	source->estate = CreateExecutorState();
	source->maker = rows_make_maker(source->plan, source->estate,
									(uint64) PG_GETARG_INT64(2) + PG_GETARG_INT64(3));
	source->maker->dry = true;
	source->values = palloc0(sizeof(Datum) * Max(source->plan->natts, 1));
	source->isnull = palloc0(sizeof(bool) * Max(source->plan->natts, 1));
	source->callback.callback = rows_error_context;
	source->callback.arg = source->maker;

	/* whoever stops early, with a LIMIT, closes the table all the same */
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

/*
 * The column of the table that a column of what was named comes from; none if
 * no value is made for it here.
 */
AttrNumber
rows_source_column(RowsPlan *plan, int attribute, bool with_defaults)
{
	AttrNumber	source = plan->view_columns != NULL ? plan->view_columns[attribute] : attribute + 1;

	if (TupleDescAttr(RelationGetDescr(plan->target), attribute)->attisdropped || source <= 0)
		return InvalidAttrNumber;
	switch (plan->columns[source - 1].kind)
	{
		case ROWS_COLUMN_NOTHING:
		case ROWS_COLUMN_SEQUENCE:
			return InvalidAttrNumber;
		case ROWS_COLUMN_DEFAULT:
			return with_defaults && !plan->columns[source - 1].is_volatile ? source : InvalidAttrNumber;
		default:
			return source;
	}
}

/* SELECT the columns of rows first to first + n - 1.  *columns becomes their list. */
static char *
source_query(RowsPlan *plan, uint64 first, uint64 n, Jsonb *options, char **columns)
{
	StringInfoData query;
	StringInfoData names;
	bool		first_column = true;

	initStringInfo(&query);
	initStringInfo(&names);
	appendStringInfoString(&query, "SELECT ");
	for (int i = 0; i < RelationGetDescr(plan->target)->natts; i++)
	{
		AttrNumber	source = rows_source_column(plan, i, false);
		const char *separator = first_column ? "" : ", ";

		if (source == InvalidAttrNumber)
			continue;
		appendStringInfo(&query, "%s(source.r).%s", separator,
						 quote_identifier(NameStr(TupleDescAttr(RelationGetDescr(plan->rel), source - 1)->attname)));
		appendStringInfo(&names, "%s%s", separator,
						 quote_identifier(NameStr(TupleDescAttr(RelationGetDescr(plan->target), i)->attname)));
		first_column = false;
	}
	appendStringInfo(&query, " FROM (SELECT " POC_INTERNAL_SCHEMA ".rows(NULL::%s, %s::pg_catalog.regclass, "
					 "'" INT64_FORMAT "'::pg_catalog.int8, '" INT64_FORMAT "'::pg_catalog.int8, "
					 "'" INT64_FORMAT "'::pg_catalog.int8, %s::pg_catalog.jsonb) AS r OFFSET 0) AS source",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->rel)),
												RelationGetRelationName(plan->rel)),
					 quote_literal_cstr(quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->target)),
																   RelationGetRelationName(plan->target))),
					 (int64) first, (int64) n, (int64) plan->seed,
					 quote_literal_cstr(JsonbToCString(NULL, &options->root, VARSIZE(options))));
	*columns = names.data;
	return query.data;
}

/* INSERT ... SELECT through the executor. */
uint64
rows_insert_by_query(RowsPlan *plan, uint64 first, uint64 n, Jsonb *options)
{
	char	   *columns;
	char	   *source;
	StringInfoData query;
	RowsPlan   *outer = writing;
	volatile uint64 inserted = 0;

	source = source_query(plan, first, n, options, &columns);
	initStringInfo(&query);
	appendStringInfo(&query, "INSERT INTO %s",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->target)),
												RelationGetRelationName(plan->target)));
	if (columns[0] != '\0')
		appendStringInfo(&query, " (%s) %s", columns, source);
	else
		appendStringInfo(&query, " SELECT FROM pg_catalog.generate_series(1, " INT64_FORMAT ")", (int64) n);

	writing = plan;
	PG_TRY();
	{
		SPI_connect();
		if (SPI_execute(query.data, false, 0) < 0)
			elog(ERROR, "INSERT through SPI failed: %s", SPI_result_code_string(SPI_result));
		inserted = SPI_processed;
		SPI_finish();
	}
	PG_FINALLY();
	{
		writing = outer;
	}
	PG_END_TRY();
	return inserted;
}
