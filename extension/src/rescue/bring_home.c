/*-------------------------------------------------------------------------
 *
 * bring_home.c
 *	  poc_rescue(): one table of a backup comes home.
 *
 * Everything that is made here is made in the caller's transaction and with the rights
 * of the table's owner (home_table.c).  What is asked of the extension's own tables is
 * asked with the rights of their owner, by functions that nobody else may call (keeper.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/sibling.h"
#include "client/job.h"
#include "client/json.h"
#include "client/sidecar.h"
#include "rescue/home_table.h"
#include "rescue/home_rows.h"
#include "rescue/keeper.h"
#include "rescue/pinned_settings.h"
#include "rescue/state.h"
#include "rescue/step_list.h"

/* Arguments of poc_rescue() */
#define ARGUMENTS		 7
#define ARGUMENT_DRY_RUN 5

static PocRescue *start_rescue(FunctionCallInfo fcinfo);
static void ask_what_to_do(PocRescue *rescue, FunctionCallInfo fcinfo);
static void bring_home(PocRescue *rescue);
static void await_table(PocRescue *rescue, PocJob *job);
static void require_needs(PocRescue *rescue);
static void load_rows(PocRescue *rescue, PocJob *job);
static void fingerprint_home(PocRescue *rescue);
static void compare(PocRescue *rescue);
static void keep_receipt(PocRescue *rescue);
static char *answer_text(int column);
static Datum search_path_of_caller(void);

PG_FUNCTION_INFO_V1(poc_rescue);

/*
 * poc_rescue(relation text, before pg_lsn, as_of timestamptz, mark text, to_table text,
 * dry_run boolean, server text) returns table(step, ok, elapsed, detail)
 */
Datum
poc_rescue(PG_FUNCTION_ARGS)
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
	ask_what_to_do(rescue, fcinfo);
	if (PG_ARGISNULL(ARGUMENT_DRY_RUN) || !PG_GETARG_BOOL(ARGUMENT_DRY_RUN))
		bring_home(rescue);
	poc_rescue_return_steps(rescue, (ReturnSetInfo *) fcinfo->resultinfo);
	SPI_finish();
	return (Datum) 0;
}

static PocRescue *
start_rescue(FunctionCallInfo fcinfo)
{
	PocRescue *rescue = palloc0(sizeof(PocRescue));

	rescue->function = fcinfo->flinfo->fn_oid;
	rescue->caller = GetUserId();
	rescue->keeper = poc_keeper();
	rescue->began = GetCurrentTimestamp();
	rescue->step_began = rescue->began;
	return rescue;
}

/* A column of the only row of the last query, or NULL; lives as long as the rescue */
static char *
answer_text(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

/* The names of the schemas in it, as an array of text */
static Datum
search_path_of_caller(void)
{
	List *schemas = fetch_search_path(false);
	Datum *names = palloc(list_length(schemas) * sizeof(Datum));
	int n = 0;
	ListCell *cell;

	foreach (cell, schemas)
	{
		char *name = get_namespace_name(lfirst_oid(cell));

		if (name != NULL)
			names[n++] = CStringGetTextDatum(name);
	}
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
ask_what_to_do(PocRescue *rescue, FunctionCallInfo fcinfo)
{
	Oid types[ARGUMENTS + 2] = {OIDOID,	 TEXTOID, PG_LSNOID, TIMESTAMPTZOID, TEXTOID,
								TEXTOID, BOOLOID, TEXTOID,	 TEXTARRAYOID};
	Datum values[ARGUMENTS + 2] = {ObjectIdGetDatum(rescue->caller)};
	char nulls[ARGUMENTS + 3] = " ";
	Datum path;
	Datum body;
	bool isnull;

	for (int i = 0; i < ARGUMENTS; i++)
	{
		values[i + 1] = fcinfo->args[i].value;
		nulls[i + 1] = fcinfo->args[i].isnull ? 'n' : ' ';
	}
	values[ARGUMENTS + 1] = search_path_of_caller();
	nulls[ARGUMENTS + 1] = ' ';
	poc_rescue_ask_keeper(rescue,
						  "SELECT r.path, r.body, r.undone, r.plan, r.home_schema, r.home_name, r.table_then "
						  "FROM _poc.rescue_request($1, $2, $3, $4, $5, $6, $7, $8, $9) AS r",
						  ARGUMENTS + 2, types, values, nulls);
	path = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	rescue->path = poc_sidecar_path(DatumGetArrayTypeP(path));
	body = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
	rescue->request = DatumGetJsonbPCopy(body);
	rescue->undone = answer_text(3);
	if (rescue->undone != NULL)
		poc_rescue_step(rescue, "find", "%s", rescue->undone);
	poc_rescue_step(rescue, "plan", "%s", answer_text(4));
	rescue->home_schema = answer_text(5);
	rescue->home_name = answer_text(6);
	rescue->home = quote_qualified_identifier(rescue->home_schema, rescue->home_name);
	rescue->relation = answer_text(7);
}

static void
bring_home(PocRescue *rescue)
{
	PocJob *job = poc_job_new();

	PG_ENSURE_ERROR_CLEANUP(poc_job_cancel, PointerGetDatum(job));
	{
		(void) poc_job_start(job, rescue->path, rescue->request);
		await_table(rescue, job);
		require_needs(rescue);
		poc_rescue_choose_owner(rescue);
		poc_rescue_make_table(rescue);
		load_rows(rescue, job);
		fingerprint_home(rescue);
		poc_rescue_finish_table(rescue);
		rescue->job = poc_job_follow(job, DT_NOEND, true, true, NULL);
		poc_job_require_success(rescue->job, job->id);
	}
	PG_END_ENSURE_ERROR_CLEANUP(poc_job_cancel, PointerGetDatum(job));
	compare(rescue);
	poc_rescue_require_home(rescue);
	poc_rescue_tell_left_out(rescue);
	keep_receipt(rescue);
}

/* Until the sidecar has restored the server and can hand the table over */
static void
await_table(PocRescue *rescue, PocJob *job)
{
	Jsonb *state = poc_job_follow(job, DT_NOEND, true, true, "ready");
	char *path = psprintf("/v1/jobs/%s/definition", job->id);

	if (poc_job_is_ended(state))
	{
		poc_job_require_success(state, job->id);
		poc_sidecar_malformed(path, "The job was done before it handed the table over.");
	}
	rescue->definition = poc_json_member(poc_sidecar_get(path, 0, NULL), "definition", jbvObject);
	if (rescue->definition == NULL)
		poc_sidecar_malformed(path, "It has no object of the name \"definition\".");
	poc_rescue_step(rescue, "restore", "restored by job %s", job->id);
}

static void
require_needs(PocRescue *rescue)
{
	Jsonb *needs = poc_json_member(rescue->definition, "needs", jbvArray);
	Oid types[] = {JSONBOID};
	Datum values[1];
	char *lacks;

	if (needs == NULL)
		return;
	values[0] = JsonbPGetDatum(needs);
	poc_rescue_ask_keeper(rescue, "SELECT _poc.rescue_lacks($1)", 1, types, values, NULL);
	lacks = answer_text(1);
	if (lacks != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("what table %s needs is missing in this database", rescue->relation),
				 errdetail("Missing: %s.", lacks),
				 errhint("Make it first; as it was it is in a restored instance: poc_restore().")));
}

static void
load_rows(PocRescue *rescue, PocJob *job)
{
	char *path = psprintf("/v1/jobs/%s/rows", job->id);
	PocHttpRequest request = {.method = "POST", .path = path, .body = "{}"};
	char *format = poc_json_text(rescue->definition, "format");
	PocHttpStream *stream;

	if (format == NULL || (strcmp(format, "text") != 0 && strcmp(format, "binary") != 0))
		poc_sidecar_malformed(path, "It is not told in which format the rows come.");
	stream = poc_http_stream_open(&request);
	PG_TRY();
	{
		rescue->rows = poc_load_rows(rescue->relid, rescue->owner,
									 poc_rescue_texts(rescue, "columns"), format, stream);
		rescue->bytes = poc_http_stream_bytes(stream);
	}
	PG_FINALLY();
	{
		poc_http_stream_close(stream);
	}
	PG_END_TRY();
	CommandCounterIncrement();
	poc_rescue_step(rescue, "rows", UINT64_FORMAT " rows, " UINT64_FORMAT " bytes as %s",
					rescue->rows, rescue->bytes, format);
}

/* With the owner's rights, as to read the table may run code of his */
static void
fingerprint_home(PocRescue *rescue)
{
	Oid types[] = {REGCLASSOID};
	Oid function = poc_sibling(rescue->function, "poc_fingerprint", lengthof(types), types);
	int nest_level = NewGUCNestLevel();
	HeapTupleHeader row;
	bool isnull;
	Oid user;
	int context;

	poc_rescue_pin_settings();
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(rescue->owner, context | SECURITY_RESTRICTED_OPERATION);
	row = DatumGetHeapTupleHeader(OidFunctionCall1(function, ObjectIdGetDatum(rescue->relid)));
	SetUserIdAndSecContext(user, context);
	AtEOXact_GUC(false, nest_level);
	rescue->home_rows = DatumGetInt64(GetAttributeByName(row, "rows", &isnull));
	rescue->home_hash = TextDatumGetCString(GetAttributeByName(row, "hash", &isnull));
	poc_rescue_step(rescue, "fingerprint", INT64_FORMAT " rows here", rescue->home_rows);
}

/* What came home must be what was there: else nothing of it stays. */
static void
compare(PocRescue *rescue)
{
	Jsonb *result = poc_json_member(rescue->job, "result", jbvObject);
	char *hash = result != NULL ? poc_json_text(result, "hash") : NULL;
	int64 rows = -1;

	if (hash == NULL || !poc_json_bigint(result, "rows", &rows) || rows != rescue->home_rows ||
		strcmp(hash, rescue->home_hash) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("table %s did not come home as it was", rescue->relation),
				 errdetail("The restored server had " INT64_FORMAT
						   " rows with fingerprint %s, here are " INT64_FORMAT " with %s.",
						   rows, hash != NULL ? hash : "unknown", rescue->home_rows,
						   rescue->home_hash),
				 errhint(
					 "A type that is written in another way here (an enum, a composite type, a library's version) may be why; nothing was kept.")));
	poc_rescue_step(rescue, "compare",
					INT64_FORMAT
					" rows, the same fingerprint as in the restored server (backup %s, recovered to %s)",
					rows,
					poc_json_text(result, "backup_id") ? poc_json_text(result, "backup_id")
													   : "unknown",
					poc_json_text(result, "recovered_lsn") ? poc_json_text(result, "recovered_lsn")
														   : "an unknown position");
}

static void
keep_receipt(PocRescue *rescue)
{
	Oid types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID,	  JSONBOID,
				   JSONBOID,	   INT8OID,		   INT8OID, TEXTOID, TEXTARRAYOID};
	Datum values[] = {
		TimestampTzGetDatum(GetCurrentTimestamp()),
		TimestampTzGetDatum(rescue->began),
		CStringGetTextDatum(GetUserNameFromId(rescue->caller, false)),
		CStringGetTextDatum(rescue->relation),
		CStringGetTextDatum(rescue->home),
		JsonbPGetDatum(rescue->request),
		JsonbPGetDatum(rescue->job),
		Int64GetDatum((int64) rescue->rows),
		Int64GetDatum((int64) rescue->bytes),
		rescue->undone != NULL ? CStringGetTextDatum(rescue->undone) : (Datum) 0,
		poc_rescue_step_texts(rescue),
	};

	poc_rescue_ask_keeper(rescue,
						  "SELECT _poc.rescue_receipt($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, pg_catalog.to_jsonb($11))",
						  lengthof(types), types, values,
						  rescue->undone != NULL ? NULL : "         n ");
}
