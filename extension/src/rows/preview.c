/*-------------------------------------------------------------------------
 *
 * preview.c
 *	  poc_preview_rows(): the rows that would be inserted, as jsonb.
 *
 * This function must never write or draw from a sequence.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/type_owner.h"
#include "rows/generate.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/source_column.h"
#include "rows/plan/target.h"
#include "rows/write/maker.h"
#include "rows/write/unique_start.h"

static Datum text_of(Datum value, Oid type);
static TupleDesc shown_columns(RowsPlan *plan, AttrNumber *sources, bool *as_text);
static void start_to_jsonb(FmgrInfo *to_jsonb);

PG_FUNCTION_INFO_V1(poc_preview_rows);

/* poc_preview_rows(target regclass, n integer, seed bigint, options jsonb): setof jsonb */
Datum
poc_preview_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int32 n = PG_ARGISNULL(1) ? -1 : PG_GETARG_INT32(1);
	uint64 seed = PG_ARGISNULL(2) ? pg_prng_uint64(&pg_global_prng_state) >> 1
								  : (uint64) PG_GETARG_INT64(2);
	RowsPlan *plan;
	RowsMaker *maker;
	EState *estate;
	ErrorContextCallback callback;
	MemoryContext context;
	TupleDesc desc;
	AttrNumber *sources;
	FmgrInfo to_jsonb;
	Datum *values;
	bool *isnull;
	Datum *shown;
	bool *shown_isnull;
	bool *as_text;

	if (n < 0 || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of rows must not be null or negative, nor the options null"),
				 errhint("For example: SELECT * FROM poc_preview_rows('orders', 5);")));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	plan = rows_make_plan(rows_open_target(PG_ARGISNULL(0) ? rows_default_target() : PG_GETARG_OID(0),
										   false),
						  seed, rows_parse_options(PG_GETARG_JSONB_P(3)), NULL);
	rows_find_bases(plan, n);
	estate = CreateExecutorState();
	maker = rows_make_maker(plan, estate, n);
	maker->dry = true;
	values = palloc0(sizeof(Datum) * Max(plan->natts, 1));
	isnull = palloc0(sizeof(bool) * Max(plan->natts, 1));
	sources = palloc(sizeof(AttrNumber) * Max(RelationGetDescr(plan->target)->natts, 1));
	as_text = palloc0(sizeof(bool) * Max(RelationGetDescr(plan->target)->natts, 1));
	desc = shown_columns(plan, sources, as_text);
	shown = palloc(sizeof(Datum) * Max(desc->natts, 1));
	shown_isnull = palloc(sizeof(bool) * Max(desc->natts, 1));
	start_to_jsonb(&to_jsonb);
	context = AllocSetContextCreate(CurrentMemoryContext, "poc_preview_rows", ALLOCSET_DEFAULT_SIZES);

	callback.callback = rows_error_context;
	callback.arg = maker;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	for (int32 row = 0; row < n; row++)
	{
		MemoryContext old;
		Datum json;
		bool json_isnull = false;

		CHECK_FOR_INTERRUPTS();
		rows_reset_maker(maker);
		rows_make_row(maker, row, values, isnull);
		for (int i = 0; i < desc->natts; i++)
		{
			shown[i] = values[sources[i] - 1];
			shown_isnull[i] = isnull[sources[i] - 1];
			if (!shown_isnull[i] && as_text[i])
				shown[i] = text_of(shown[i],
								   TupleDescAttr(RelationGetDescr(plan->rel), sources[i] - 1)->atttypid);
		}
		old = MemoryContextSwitchTo(context);
		json = FunctionCall1(&to_jsonb,
							 HeapTupleGetDatum(heap_form_tuple(desc, shown, shown_isnull)));
		tuplestore_putvalues(result->setResult, result->setDesc, &json, &json_isnull);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	error_context_stack = callback.previous;

	if (maker->check_slot != NULL)
		ExecDropSingleTupleTableSlot(maker->check_slot);
	FreeExecutorState(estate);
	rows_close_plan(plan);
	return (Datum) 0;
}

/* By the output function, which no owner of a type chooses. */
static Datum
text_of(Datum value, Oid type)
{
	Oid output;
	bool is_varlena;

	getTypeOutputInfo(type, &output, &is_varlena);
	return CStringGetTextDatum(OidOutputFunctionCall(output, value));
}

/*
 * The columns of the named table or view that get a value, and their source columns;
 * as text those whose cast to JSON could run code of another role.
 */
static TupleDesc
shown_columns(RowsPlan *plan, AttrNumber *sources, bool *as_text)
{
	TupleDesc target = RelationGetDescr(plan->target);
	TupleDesc desc;
	int n = 0;

	for (int i = 0; i < target->natts; i++)
	{
		if (rows_source_column(plan, i, true) != InvalidAttrNumber)
			n++;
	}
	desc = CreateTemplateTupleDesc(n);
	n = 0;
	for (int i = 0; i < target->natts; i++)
	{
		AttrNumber source = rows_source_column(plan, i, true);
		Form_pg_attribute attribute = TupleDescAttr(target, i);
		Oid type;
		int32 typmod;

		if (source == InvalidAttrNumber)
			continue;
		type = TupleDescAttr(RelationGetDescr(plan->rel), source - 1)->atttypid;
		typmod = TupleDescAttr(RelationGetDescr(plan->rel), source - 1)->atttypmod;
		as_text[n] = poc_type_is_of_others(type);
		sources[n++] = source;
		TupleDescInitEntry(desc, n, NameStr(attribute->attname), as_text[n - 1] ? TEXTOID : type,
						   as_text[n - 1] ? -1 : typmod, 0);
	}
	return BlessTupleDesc(desc);
}

/* to_jsonb(anyelement) for a record: the argument type comes from a made-up expression. */
static void
start_to_jsonb(FmgrInfo *to_jsonb)
{
	Expr *call = (Expr *) makeFuncExpr(F_TO_JSONB, JSONBOID,
									   list_make1(makeNullConst(RECORDOID, -1, InvalidOid)),
									   InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);

	fmgr_info(F_TO_JSONB, to_jsonb);
	fmgr_info_set_expr((Node *) call, to_jsonb);
}
