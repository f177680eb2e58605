/*-------------------------------------------------------------------------
 *
 * bring_home.c
 *	  poc_rescue(), poc_rescue_tables(): tables of a backup come home.
 *
 * Everything that is made here is made in the caller's transaction and with the rights
 * of the table's owner (home_table.c).  What is asked of the extension's own tables is
 * asked with the rights of their owner, by functions that nobody else may call (own_functions.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/sibling.h"
#include "client/job.h"
#include "client/json.h"
#include "client/sidecar.h"
#include "rescue/empty_home.h"
#include "rescue/home_dependencies.h"
#include "rescue/home_fingerprint.h"
#include "rescue/home_rows.h"
#include "rescue/home_schema.h"
#include "rescue/home_table.h"
#include "rescue/home_triggers.h"
#include "rescue/own_functions.h"
#include "rescue/state.h"
#include "rescue/step_list.h"

/* Arguments of poc_rescue() and poc_rescue_tables() */
#define ARGUMENT_DRY_RUN	   5
#define ARGUMENT_FIRE_TRIGGERS 7

/* Time for a job that fails to tell why: it removes the restored server first */
#define LAST_WORDS_MS 30000

/* A step for a table, or for all of them */
typedef void (*ForTable)(PocRescue *rescue);

static Datum rescue_tables(FunctionCallInfo fcinfo, Datum relations, bool is_list);
static bool is_wanted(FunctionCallInfo fcinfo, int argument);
static PocRescue *start_rescue(FunctionCallInfo fcinfo);
static void bring_home(PocRescue *rescue);
static void await_tables(PocRescue *rescue, PocJob *job);
static PocRescuedTable *make_table(Jsonb *definition, int number, const char *path);
static char *member(Jsonb *definition, const char *name, const char *path);
static void for_each_table(PocRescue *rescue, ForTable act);
static void name_table(void *arg);
static void throw_failure_of_job(void *arg);
static void fill_table(PocRescue *rescue);
static void load_rows(PocRescue *rescue);
static void tell_left_out(PocRescue *rescue);

PG_FUNCTION_INFO_V1(poc_rescue);

/*
 * poc_rescue(relation text, before pg_lsn, as_of timestamptz, mark text, to_table text,
 * dry_run boolean, server text, fire_triggers boolean) returns table(step, ok, elapsed, detail)
 */
Datum
poc_rescue(PG_FUNCTION_ARGS)
{
	Datum relation = PG_ARGISNULL(0) ? (Datum) 0 : PG_GETARG_DATUM(0);
	bool isnull = PG_ARGISNULL(0);
	int dims[] = {1};
	int bounds[] = {1};

	return rescue_tables(fcinfo,
						 PointerGetDatum(construct_md_array(&relation, &isnull, 1, dims, bounds,
															TEXTOID, -1, false, TYPALIGN_INT)),
						 false);
}

PG_FUNCTION_INFO_V1(poc_rescue_tables);

/* The same of several tables: (relations text[], ..., to_schema text, ...) */
Datum
poc_rescue_tables(PG_FUNCTION_ARGS)
{
	Datum relations = PG_ARGISNULL(0) ? PointerGetDatum(construct_empty_array(TEXTOID))
									  : PG_GETARG_DATUM(0);

	return rescue_tables(fcinfo, relations, true);
}

static Datum
rescue_tables(FunctionCallInfo fcinfo, Datum relations, bool is_list)
{
	PocRescue *rescue;

	if (RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("recovery is in progress"),
						errdetail("A table cannot come home to a standby."),
						errhint("Call this function on the primary.")));
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	rescue = start_rescue(fcinfo);
	poc_rescue_ask(rescue, fcinfo, relations, is_list);
	poc_rescue_foresee_homes(rescue, is_wanted(fcinfo, ARGUMENT_DRY_RUN));
	if (!is_wanted(fcinfo, ARGUMENT_DRY_RUN))
		bring_home(rescue);
	poc_rescue_return_steps(rescue, (ReturnSetInfo *) fcinfo->resultinfo);
	SPI_finish();
	return (Datum) 0;
}

/* A script of before may lack the last argument; null is false */
static bool
is_wanted(FunctionCallInfo fcinfo, int argument)
{
	return argument < PG_NARGS() && !PG_ARGISNULL(argument) && PG_GETARG_BOOL(argument);
}

static PocRescue *
start_rescue(FunctionCallInfo fcinfo)
{
	PocRescue *rescue = palloc0(sizeof(PocRescue));

	rescue->function = fcinfo->flinfo->fn_oid;
	rescue->caller = GetUserId();
	rescue->keeper = poc_keeper();
	rescue->fire_triggers = is_wanted(fcinfo, ARGUMENT_FIRE_TRIGGERS);
	rescue->began = GetCurrentTimestamp();
	rescue->step_began = rescue->began;
	return rescue;
}

static void
bring_home(PocRescue *rescue)
{
	PocJob *job = poc_job_new();

	rescue->running = job;
	PG_ENSURE_ERROR_CLEANUP(poc_job_cancel, PointerGetDatum(job));
	{
		(void) poc_job_start(job, rescue->path, rescue->request);
		await_tables(rescue, job);
		for_each_table(rescue, poc_rescue_take_home);
		poc_rescue_require_needs(rescue);
		for_each_table(rescue, poc_rescue_choose_owner);
		for_each_table(rescue, poc_rescue_prepare_loan);
		for_each_table(rescue, poc_rescue_lend);
		for_each_table(rescue, fill_table);
		for_each_table(rescue, poc_rescue_fingerprint_home);
		for_each_table(rescue, poc_rescue_finish_table);
		for_each_table(rescue, poc_rescue_end_loan);
		rescue->job = poc_job_follow(job, DT_NOEND, true, true, NULL);
		poc_job_require_success(rescue->job, job->id);
	}
	PG_END_ENSURE_ERROR_CLEANUP(poc_job_cancel, PointerGetDatum(job));
	for_each_table(rescue, poc_rescue_compare);
	for_each_table(rescue, poc_rescue_require_home);
	for_each_table(rescue, poc_rescue_advance_sequences);
	for_each_table(rescue, poc_rescue_tell_left_out);
	tell_left_out(rescue);
	for_each_table(rescue, poc_rescue_keep_receipt);
}

/* Until the sidecar has restored the server and can hand the tables over */
static void
await_tables(PocRescue *rescue, PocJob *job)
{
	Jsonb *state = poc_job_follow(job, DT_NOEND, true, true, "ready");
	char *path = psprintf("/v1/jobs/%s/definitions", job->id);
	Jsonb *definitions;

	if (poc_job_is_ended(state))
	{
		poc_job_require_success(state, job->id);
		poc_sidecar_malformed(path, "The job was done before it handed the table over.");
	}
	definitions = poc_json_member(poc_sidecar_get_exact(path), "definitions", jbvArray);
	if (definitions == NULL || JsonContainerSize(&definitions->root) == 0)
		poc_sidecar_malformed(path, "It has no list of the name \"definitions\".");
	poc_rescue_step(rescue, "restore", "restored by job %s", job->id);
	for (uint32 i = 0; i < JsonContainerSize(&definitions->root); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&definitions->root, i);

		if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
			poc_sidecar_malformed(path, "Its definitions are no objects.");
		rescue->tables = lappend(rescue->tables, make_table(JsonbValueToJsonb(value), (int) i, path));
	}
}

static PocRescuedTable *
make_table(Jsonb *definition, int number, const char *path)
{
	PocRescuedTable *table = palloc0(sizeof(PocRescuedTable));

	table->number = number;
	table->definition = definition;
	table->relation = quote_qualified_identifier(member(definition, "schema", path),
												 member(definition, "name", path));
	table->home_schema = member(definition, "home_schema", path);
	table->home_name = member(definition, "home_name", path);
	table->home = quote_qualified_identifier(table->home_schema, table->home_name);
	return table;
}

static char *
member(Jsonb *definition, const char *name, const char *path)
{
	char *text = poc_json_text(definition, name);

	if (text == NULL)
		poc_sidecar_malformed(path, psprintf("A definition has no \"%s\".", name));
	return text;
}

static void
for_each_table(PocRescue *rescue, ForTable act)
{
	ErrorContextCallback named = {.callback = name_table,
								  .arg = rescue,
								  .previous = error_context_stack};
	ListCell *cell;

	error_context_stack = &named;
	foreach (cell, rescue->tables)
	{
		CHECK_FOR_INTERRUPTS();
		rescue->table = lfirst(cell);
		act(rescue);
	}
	rescue->table = NULL;
	error_context_stack = named.previous;
}

/* Code of a table that fails does not tell whose it is. */
static void
name_table(void *arg)
{
	PocRescue *rescue = arg;

	if (rescue->table != NULL)
		errcontext("rescue of table %s", rescue->table->relation);
}

/* Made, or found, and filled */
static void
fill_table(PocRescue *rescue)
{
	if (!rescue->table->is_there)
		poc_rescue_make_table(rescue);
	poc_rescue_prepare_triggers(rescue);
	load_rows(rescue);
	poc_rescue_restore_triggers(rescue);
}

/* The rows break off because the job has failed, or is about to: it tells why. */
static void
throw_failure_of_job(void *arg)
{
	PocJob *job = arg;
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LAST_WORDS_MS);
	Jsonb *state = poc_job_follow(job, until, true, true, NULL);

	if (poc_job_is_ended(state))
		poc_job_require_success(state, job->id);
}

static void
load_rows(PocRescue *rescue)
{
	PocJob *job = rescue->running;
	char *path = psprintf("/v1/jobs/%s/rows", job->id);
	char *body = psprintf("{\"table\": %d}", rescue->table->number);
	PocHttpRequest request = {.method = "POST", .path = path, .body = body};
	char *format = poc_json_text(rescue->table->definition, "format");
	PocHttpStream *stream;

	if (format == NULL || (strcmp(format, "text") != 0 && strcmp(format, "binary") != 0))
		poc_sidecar_malformed(path, "It is not told in which format the rows come.");
	stream = poc_http_stream_open(&request, throw_failure_of_job, job);
	PG_TRY();
	{
		rescue->table->rows = poc_load_rows(rescue->table->relid,
											rescue->table->fires == NIL ? rescue->table->owner
																		: InvalidOid,
											poc_rescue_texts(rescue, "columns"), format, stream);
		rescue->table->bytes = poc_http_stream_bytes(stream);
	}
	PG_FINALLY();
	{
		poc_http_stream_close(stream);
	}
	PG_END_TRY();
	CommandCounterIncrement();
	poc_rescue_step(rescue, "rows", UINT64_FORMAT " rows, " UINT64_FORMAT " bytes as %s",
					rescue->table->rows, rescue->table->bytes, format);
}

/* Of whole schemas */
static void
tell_left_out(PocRescue *rescue)
{
	Jsonb *result = poc_json_member(rescue->job, "result", jbvObject);
	Jsonb *left_out = result != NULL ? poc_json_member(result, "left_out", jbvArray) : NULL;

	for (uint32 i = 0; left_out != NULL && i < JsonContainerSize(&left_out->root); i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&left_out->root, i);

		if (value->type == jbvString)
			poc_rescue_step(rescue, "left out", "%.*s", value->val.string.len, value->val.string.val);
	}
}
