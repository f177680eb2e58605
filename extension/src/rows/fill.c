/*-------------------------------------------------------------------------
 *
 * fill.c
 *	  CALL poc_fill(): its arguments, and the plan that its workers share.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/progress_mode.h"
#include "rows/fill.h"
#include "rows/generate.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/rights.h"
#include "rows/plan/target.h"
#include "rows/write/making.h"
#include "rows/write/unique_start.h"

/* More rows than anybody would wait for. */
#define MOST_ROWS INT64CONST(1000000000000)

static int64 argument(FunctionCallInfo fcinfo, int number, int64 null, int64 least, int64 most,
					  const char *name);
static Oid prepare_target(FunctionCallInfo fcinfo, int64 seed);

PG_FUNCTION_INFO_V1(poc_fill);

/* poc_fill(target regclass, rows bigint, size text, workers int, seed bigint, options jsonb) */
Datum
poc_fill(PG_FUNCTION_ARGS)
{
	int64 rows = argument(fcinfo, 1, 0, 1, MOST_ROWS, "rows");
	int64 bytes = 0;
	int nworkers = (int) argument(fcinfo, 3, 2, 1, FILL_MOST_WORKERS, "workers");
	int64 seed = PG_ARGISNULL(4) ? (int64) (pg_prng_uint64(&pg_global_prng_state) >> 1)
								 : PG_GETARG_INT64(4);
	TimestampTz began = GetCurrentTimestamp();
	MemoryContext context;
	MemoryContext old;
	Jsonb *options;
	Oid relid;
	RowsPlan *plan;
	uint64 committed;
	double seconds;

	if (!PG_ARGISNULL(2))
	{
		bytes = DatumGetInt64(DirectFunctionCall1(pg_size_bytes, PG_GETARG_DATUM(2)));
		if (bytes <= 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("the size to fill a table to must be positive"),
							errhint("For example: CALL poc_fill('orders', size => '2 GB');")));
	}
	if (rows == 0 && bytes == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("neither a number of rows nor a size is given"),
				 errhint("For example: CALL poc_fill('orders', rows => 1000000), or size => '2 GB'.")));
	if (PG_ARGISNULL(5))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("options must not be null"),
						errhint("Leave them out, or give '{}'.")));
	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		((CallContext *) fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("poc_fill() cannot run inside a transaction block"),
				 errdetail(
					 "Its workers commit transactions of their own, which see nothing of this one."),
				 errhint("Use poc_generate_rows(), or end the transaction first.")));

	/* the commit below ends the transaction: longer-lived data needs this context */
	context = AllocSetContextCreate(PortalContext, "poc_fill", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	options = PG_GETARG_JSONB_P_COPY(5);
	relid = prepare_target(fcinfo, seed);
	MemoryContextSwitchTo(context);

	EnsurePortalSnapshotExists();
	plan = rows_plan_fill(relid, seed, options, rows);
	if (plan->target->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("poc_fill() cannot fill temporary table \"%s\"",
						RelationGetRelationName(plan->target)),
				 errdetail("Only this session can see it."), errhint("Use poc_generate_rows().")));

	committed = rows_fill(plan, seed, rows > 0 ? rows : MOST_ROWS, bytes, options, &nworkers);
	seconds = (GetCurrentTimestamp() - began) / 1e6;
	if (poc_progress() != POC_PROGRESS_NONE)
		ereport(NOTICE,
				(errmsg("poc_fill(): " UINT64_FORMAT " rows in %.1f s, %.0f rows/s by %d workers",
						committed, seconds, committed / Max(seconds, 0.001), nworkers),
				 poc_progress() == POC_PROGRESS_BRIEF
					 ? errdetail("The workers have committed them in batches.")
					 : 0));
	rows_close_plan(plan);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	PG_RETURN_VOID();
}

static int64
argument(FunctionCallInfo fcinfo, int number, int64 null, int64 least, int64 most, const char *name)
{
	int64 value;

	if (PG_ARGISNULL(number))
		return null;
	value = (get_fn_expr_argtype(fcinfo->flinfo, number) == INT4OID) ? PG_GETARG_INT32(number)
																	 : PG_GETARG_INT64(number);
	if (value < least || value > most)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("argument \"%s\" of poc_fill() is out of range", name),
						errdetail("It must lie between " INT64_FORMAT " and " INT64_FORMAT ".",
								  least, most)));
	return value;
}

/*
 * Let poc_generate_rows() check everything without making a row: it creates
 * the default table and fills empty referenced tables.  Then commit, so that
 * the workers see that.
 */
static Oid
prepare_target(FunctionCallInfo fcinfo, int64 seed)
{
	Oid relid;

	SPI_connect_ext(SPI_OPT_NONATOMIC);
	EnsurePortalSnapshotExists();
	relid = PG_ARGISNULL(0) ? rows_make_default_target(fcinfo->flinfo->fn_oid) : PG_GETARG_OID(0);
	CommandCounterIncrement();
	(void) rows_generate(relid, 0, (uint64) seed, PG_GETARG_JSONB_P(5));
	SPI_commit();
	SPI_finish();
	return relid;
}

/* The plan yields where counting of unique columns continues, the same for all workers. */
RowsPlan *
rows_plan_fill(Oid relid, int64 seed, Jsonb *json, uint64 nrows)
{
	RowsOptions *options = rows_parse_options(json);
	RowsPlan *plan = rows_make_plan(rows_open_target(relid, false), (uint64) seed, options, NULL);

	rows_require_rights(plan);
	if (plan->uniques != NIL)
		LockRelationOid(RelationGetRelid(plan->rel), ShareUpdateExclusiveLock);
	rows_find_bases(plan, options->start + nrows);
	rows_check_sequences(plan, nrows);
	return plan;
}
