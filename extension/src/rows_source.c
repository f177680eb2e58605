/*-------------------------------------------------------------------------
 *
 * rows_source.c
 *	  Made-up rows as the source of a query: for previews, and for the tables
 *	  that only the executor itself may write to.
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
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "rows.h"

/* A run of _poc_rows(), from call to call. */
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
static bool is_shown(RowsColumn *column, bool with_defaults);

PG_FUNCTION_INFO_V1(poc_rows);
PG_FUNCTION_INFO_V1(poc_rows_query);

/* _poc_rows(row anyelement, target regclass, first bigint, n bigint, seed bigint, options jsonb): rows of that type */
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

/* _poc_rows_query(target regclass, n bigint, seed bigint, options jsonb): what poc_preview_rows() runs */
Datum
poc_rows_query(PG_FUNCTION_ARGS)
{
	Relation	rel = rows_open_target(PG_GETARG_OID(0), false);
	RowsPlan   *plan = rows_make_plan(rel, (uint64) PG_GETARG_INT64(2),
									  rows_parse_options(PG_GETARG_JSONB_P(3)), false);
	char	   *query = rows_source_query(plan, fcinfo->flinfo->fn_oid, 0, PG_GETARG_INT64(1),
										  PG_GETARG_JSONB_P(3), true, NULL);

	rows_close_plan(plan);
	PG_RETURN_TEXT_P(cstring_to_text(query));
}

/*
 * SELECT the columns of rows first to first + n - 1.  The function, any of this
 * extension, tells its schema.  *columns becomes the list of the columns.
 */
char *
rows_source_query(RowsPlan *plan, Oid function, uint64 first, uint64 n, Jsonb *options,
				  bool with_defaults, char **columns)
{
	char	   *schema = get_namespace_name(get_func_namespace(function));
	StringInfoData query;
	StringInfoData names;
	bool		first_column = true;

	initStringInfo(&query);
	initStringInfo(&names);
	appendStringInfoString(&query, "SELECT ");
	for (int i = 0; i < RelationGetDescr(plan->target)->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->target), i);
		AttrNumber	source = plan->view_columns != NULL ? plan->view_columns[i] : i + 1;
		char	   *name;

		if (attribute->attisdropped || source <= 0 ||
			!is_shown(&plan->columns[source - 1], with_defaults))
			continue;
		name = NameStr(TupleDescAttr(RelationGetDescr(plan->rel), source - 1)->attname);
		appendStringInfo(&query, "%s(source.r).%s AS %s", first_column ? "" : ", ",
						 quote_identifier(name), quote_identifier(NameStr(attribute->attname)));
		appendStringInfo(&names, "%s%s", first_column ? "" : ", ",
						 quote_identifier(NameStr(attribute->attname)));
		first_column = false;
	}
	appendStringInfo(&query, " FROM (SELECT %s._poc_rows(NULL::%s, %s::pg_catalog.regclass, " INT64_FORMAT ", " INT64_FORMAT ", '" INT64_FORMAT "', %s) AS r OFFSET 0) AS source",
					 quote_identifier(schema),
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->rel)),
												RelationGetRelationName(plan->rel)),
					 quote_literal_cstr(quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->target)),
																   RelationGetRelationName(plan->target))),
					 (int64) first, (int64) n, (int64) plan->seed,
					 quote_literal_cstr(JsonbToCString(NULL, &options->root, VARSIZE(options))));
	if (columns != NULL)
		*columns = names.data;
	return query.data;
}

static bool
is_shown(RowsColumn *column, bool with_defaults)
{
	switch (column->kind)
	{
		case ROWS_COLUMN_NOTHING:
		case ROWS_COLUMN_SEQUENCE:
			return false;
		case ROWS_COLUMN_DEFAULT:
			return with_defaults && !column->is_volatile;
		default:
			return true;
	}
}

/* INSERT ... SELECT through the executor. */
uint64
rows_insert_by_query(RowsPlan *plan, Oid function, uint64 first, uint64 n, Jsonb *options)
{
	char	   *columns;
	char	   *source;
	StringInfoData query;
	RowsPlan   *outer = writing;
	volatile uint64 inserted = 0;

	source = rows_source_query(plan, function, first, n, options, false, &columns);
	initStringInfo(&query);
	appendStringInfo(&query, "INSERT INTO %s",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(plan->target)),
												RelationGetRelationName(plan->target)));
	if (columns[0] != '\0')
		appendStringInfo(&query, " (%s) %s", columns, source);
	else
		appendStringInfo(&query, " SELECT FROM pg_catalog.generate_series(1, " INT64_FORMAT ")", (int64) n);

	/* a worker's caller holds the lock, and knows where counting begins */
	if (plan->keys != NIL && plan->options->bases == NULL)
		LockRelationOid(RelationGetRelid(plan->rel), ShareUpdateExclusiveLock);
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
