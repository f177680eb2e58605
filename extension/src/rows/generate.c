/*-------------------------------------------------------------------------
 *
 * generate.c
 *	  The SQL functions that make rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "common/pg_prng.h"
#include "executor/instrument.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "rows/generate.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/target.h"
#include "rows/write/fill_parents.h"
#include "rows/write/load.h"

/* A larger number of rows in one call is taken for a typing error. */
#define MAX_ROWS INT64CONST(1000000000000)

/* Statistics of the session's last call. */
typedef struct LastRun
{
	Oid target; /* InvalidOid: no call yet */
	int64 rows;
	int64 seed;
	RowsPath path;
	double seconds;
	uint64 wal_bytes;
} LastRun;

static LastRun last_run;

PG_FUNCTION_INFO_V1(poc_generate_rows);
PG_FUNCTION_INFO_V1(poc_last_rows);

/* poc_generate_rows(n bigint, target regclass, seed bigint, options jsonb) */
Datum
poc_generate_rows(PG_FUNCTION_ARGS)
{
	int64 n;
	Oid relid;
	uint64 seed;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the number of rows must not be null"),
						errhint("For example: SELECT poc_generate_rows(1000);")));
	n = PG_GETARG_INT64(0);
	if (n < 0 || n > MAX_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot make " INT64_FORMAT " rows", n),
				 errdetail("The number of rows must lie between 0 and " INT64_FORMAT ".", MAX_ROWS),
				 errhint("For example: SELECT poc_generate_rows(1000);")));
	if (!PG_ARGISNULL(2))
		seed = (uint64) PG_GETARG_INT64(2);
	else
		seed = pg_prng_uint64(&pg_global_prng_state) >> 1;

	if (PG_ARGISNULL(3))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("options must not be null"),
						errhint("Leave them out, or give '{}'.")));
	relid = PG_ARGISNULL(1) ? rows_make_default_target(fcinfo->flinfo->fn_oid) : PG_GETARG_OID(1);
	if (PG_ARGISNULL(2))
		ereport(DEBUG1, (errmsg("poc_generate_rows() uses seed " INT64_FORMAT, (int64) seed)));
	PG_RETURN_INT64((int64) rows_generate(relid, (uint64) n, seed, PG_GETARG_JSONB_P(3)));
}

/* Insert n rows; with n = 0, only check and prepare everything. */
uint64
rows_generate(Oid relid, uint64 n, uint64 seed, Jsonb *json)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "poc_generate_rows",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	RowsOptions *options = rows_parse_options(json);
	RowsPlan *plan;
	uint64 inserted = 0;
	instr_time began;
	instr_time taken;
	uint64 wal_before = pgWalUsage.wal_bytes;

	INSTR_TIME_SET_CURRENT(began);
	plan = rows_prepare(relid, n, seed, options, NULL);
	if (n > 0)
	{
		inserted = rows_write(plan, options->start, n, json);
		rows_close_circle(plan, n);
		INSTR_TIME_SET_CURRENT(taken);
		INSTR_TIME_SUBTRACT(taken, began);
		last_run.target = relid;
		last_run.rows = inserted;
		last_run.seed = (int64) seed;
		last_run.path = plan->path;
		last_run.seconds = INSTR_TIME_GET_DOUBLE(taken);
		last_run.wal_bytes = pgWalUsage.wal_bytes - wal_before;
	}
	else
		rows_tell_postponed(plan);
	rows_close_plan(plan);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return inserted;
}

/* poc_last_rows(): (target, rows, seed, path, elapsed, rows_per_second, wal_bytes), or nulls */
Datum
poc_last_rows(PG_FUNCTION_ARGS)
{
	TupleDesc tupdesc;
	Datum values[7] = {0};
	bool isnull[7];
	Interval *elapsed = palloc0(sizeof(Interval));

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	memset(isnull, last_run.target == InvalidOid, sizeof(isnull));
	elapsed->time = (int64) (last_run.seconds * USECS_PER_SEC);
	values[0] = ObjectIdGetDatum(last_run.target);
	values[1] = Int64GetDatum(last_run.rows);
	values[2] = Int64GetDatum(last_run.seed);
	values[3] = CStringGetTextDatum(rows_path_name(last_run.path));
	values[4] = IntervalPGetDatum(elapsed);
	values[5] = Float8GetDatum(last_run.rows / Max(last_run.seconds, 1e-6));
	values[6] = Int64GetDatum((int64) last_run.wal_bytes);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, isnull)));
}
