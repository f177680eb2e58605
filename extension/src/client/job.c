/*-------------------------------------------------------------------------
 *
 * job.c
 *	  Starts a job of the sidecar and follows it to its end.
 *
 * A job that a query started must not outlive the failure of the query: it is cancelled,
 * with bounded effort, and the query's own error is the one reported.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "client/job.h"
#include "client/job_report.h"
#include "client/json.h"
#include "client/sidecar.h"
#include "wal/archiver.h"
#include "wal/switch_wal.h"
#include "wal/tick.h"

/* seconds that the sidecar is asked to delay the answer to a poll */
#define POLL_HOLD 20

/* the same while Barman waits for WAL, when we have to write ticks */
#define POLL_HOLD_FOR_WAL 1

/* the same while this server sends a backup, when we report its progress */
#define POLL_HOLD_FOR_PROGRESS 1

/* milliseconds between polls if less than a second is left */
#define POLL_NAP 100

/* Of a log, one after the other; a sidecar sends 2,000 lines in some dozens */
#define PARTS_MAX 1000

/* State of the help for a job that waits for WAL. */
typedef struct WalHelp
{
	int switches;
	TimestampTz next_switch;
	bool archiver_failed; /* known, or reported */
} WalHelp;

static Jsonb *poll_job(const char *path, int hold);
static void warn_of_archiver(WalHelp *help);
static void help_with_wal(WalHelp *help, const char *kind);
static bool is_of_another_server(Jsonb *job);
static bool is_copied_from_here(Jsonb *job);
static bool is_in_phase(Jsonb *job, const char *phase);
static TimestampTz deadline_of_argument(FunctionCallInfo fcinfo, int argument);

PG_FUNCTION_INFO_V1(poc_run_job);
PG_FUNCTION_INFO_V1(poc_follow_job);
PG_FUNCTION_INFO_V1(poc_post);
PG_FUNCTION_INFO_V1(poc_cancel_job);
PG_FUNCTION_INFO_V1(poc_ask);
PG_FUNCTION_INFO_V1(poc_require_top_level);

/*
 * _poc.run_job(path text[], body jsonb, timeout_seconds float8, show_log boolean)
 * returns jsonb: starts a job by POST, or by DELETE if there is no body, and
 * returns it when it is done.  A failed job raises an error.  So does a job
 * that takes too long, which is also cancelled.
 */
Datum
poc_run_job(PG_FUNCTION_ARGS)
{
	char *path = poc_sidecar_path(PG_GETARG_ARRAYTYPE_P(0));
	TimestampTz deadline = deadline_of_argument(fcinfo, 2);
	bool show_log = PG_GETARG_BOOL(3);
	Jsonb *body = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	PocJob *job = poc_job_new();
	Jsonb *volatile result = NULL;

	PG_ENSURE_ERROR_CLEANUP(poc_job_cancel, PointerGetDatum(job));
	{
		(void) poc_job_start(job, path, body);
		result = poc_job_follow(job, deadline, show_log, true, NULL);
		if (!poc_job_is_ended(result))
			ereport(ERROR,
					(errcode(ERRCODE_CONNECTION_FAILURE), errmsg("the job did not end in time"),
					 errdetail("Job %s was in phase \"%s\" when its time was over, and was cancelled.",
							   job->id,
							   poc_json_text(result, "phase") ? poc_json_text(result, "phase")
															  : "unknown"),
					 errhint("Give it a longer timeout, or call the function with wait => false and follow the job with poc_wait_job(). The log of this one: SELECT * FROM poc_job_log('%s').",
							 job->id)));
		poc_job_require_success(result, job->id);
	}
	PG_END_ENSURE_ERROR_CLEANUP(poc_job_cancel, PointerGetDatum(job));

	PG_RETURN_JSONB_P(result);
}

/*
 * _poc.follow_job(job_id text, timeout_seconds float8) returns jsonb: the job
 * when it ends, or when the time is over.
 */
Datum
poc_follow_job(PG_FUNCTION_ARGS)
{
	PocJob job = {0};
	TimestampTz deadline = deadline_of_argument(fcinfo, 1);

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid job identifier: NULL"),
				 errdetail("A job is needed to wait for."),
				 errhint("poc_jobs() lists the jobs that the sidecar knows.")));
	strlcpy(job.id, text_to_cstring(PG_GETARG_TEXT_PP(0)), sizeof(job.id));
	PG_RETURN_JSONB_P(poc_job_follow(&job, deadline, true, false, NULL));
}

/*
 * _poc.post(body jsonb, path text[]) returns jsonb: starts a job and does not follow
 * it.  If the query fails before the answer arrives, the job is cancelled.
 */
Datum
poc_post(PG_FUNCTION_ARGS)
{
	char *path = poc_sidecar_path(PG_GETARG_ARRAYTYPE_P(1));
	Jsonb *body = PG_GETARG_JSONB_P(0);
	PocJob *job = poc_job_new();
	Jsonb *volatile result = NULL;

	PG_ENSURE_ERROR_CLEANUP(poc_job_cancel, PointerGetDatum(job));
	{
		result = poc_job_start(job, path, body);
	}
	PG_END_ENSURE_ERROR_CLEANUP(poc_job_cancel, PointerGetDatum(job));

	PG_RETURN_JSONB_P(result);
}

/*
 * _poc.cancel_job(job_id text) returns jsonb: the job, after a request to cancel it.
 */
Datum
poc_cancel_job(PG_FUNCTION_ARGS)
{
	char *path = psprintf("%s/cancel", poc_job_path(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	Jsonb *body = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	Jsonb *answer = poc_sidecar_post(path, body);

	PG_RETURN_JSONB_P(poc_job_in_answer(answer, path));
}

/*
 * _poc.ask(field text, body jsonb, path text[]) returns jsonb: posts a body
 * that starts no job, and returns this member of the answer, an object.
 */
Datum
poc_ask(PG_FUNCTION_ARGS)
{
	char *field = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *path = poc_sidecar_path(PG_GETARG_ARRAYTYPE_P(2));
	Jsonb *object;

	object = poc_json_member(poc_sidecar_post(path, PG_GETARG_JSONB_P(1)), field, jbvObject);
	if (object == NULL)
		poc_sidecar_malformed(path, psprintf("It has no object of the name \"%s\".", field));
	PG_RETURN_JSONB_P(object);
}

/*
 * _poc.require_top_level(procedure text) returns void: raises an error unless the calling
 * procedure, of that name, may commit.
 */
Datum
poc_require_top_level(PG_FUNCTION_ARGS)
{
	if (!SPI_inside_nonatomic_context())
		ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
						errmsg("%s cannot run inside a transaction block",
							   text_to_cstring(PG_GETARG_TEXT_PP(0))),
						errdetail("Each of its steps is a transaction of its own."),
						errhint("End the transaction block, and CALL the procedure by itself.")));
	PG_RETURN_VOID();
}

/*
 * Polls until the job ends or the deadline passes (DT_NOEND: none), and
 * returns the job's last state.  Reports its log (with "show_past" also that
 * of a job that had already ended), and writes the WAL that it waits for.  With
 * "until_phase", also returns when the job is in that phase.
 */
Jsonb *
poc_job_follow(PocJob *job, TimestampTz deadline, bool show_log, bool show_past,
			   const char *until_phase)
{
	char *path = poc_job_path(job->id);
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(outer, "poc_barman poll", ALLOCSET_DEFAULT_SIZES);
	WalHelp help = {.archiver_failed = poc_archiver_trouble() != NULL};
	PocJobReport *report = poc_job_report_new(show_log);
	int hold = 0;  /* the first poll only reads the current state */
	int parts = 0; /* of the log, with others behind them */
	Jsonb *state;

	for (;;)
	{
		Jsonb *answer;
		char *needs;
		bool ended;
		int64 seen;
		TimestampTz now;

		MemoryContextReset(context);
		MemoryContextSwitchTo(context);

		answer = poll_job(psprintf("%s?after=" INT64_FORMAT "&wait=%d", path, job->log_seen, hold),
						  hold);
		state = poc_job_in_answer(answer, path);
		ended = poc_job_is_ended(state);
		job->may_run = !ended;
		if (ended && job->log_seen == 0 && !show_past)
			break;
		seen = job->log_seen;
		job->log_seen = poc_job_report_log(report, answer, seen);

		now = GetCurrentTimestamp();

		/* a long log comes in parts */
		parts = poc_json_true(answer, "more") && job->log_seen > seen ? parts + 1 : 0;
		if (parts > 0 && parts < PARTS_MAX && now < deadline)
		{
			hold = 0;
			continue;
		}
		if (parts == PARTS_MAX)
			ereport(WARNING,
					(errmsg("the log of job %s is not shown to its end", job->id),
					 errdetail("The Barman sidecar says that there is more in each of %d answers, one after the other.",
							   PARTS_MAX)));
		if (ended || now >= deadline || is_in_phase(state, until_phase))
			break;

		hold = POLL_HOLD;
		needs = poc_json_text(state, "needs");
		if (needs != NULL && strcmp(needs, "wal") == 0)
		{
			if (!is_of_another_server(state))
			{
				warn_of_archiver(&help);
				help_with_wal(&help, poc_json_text(state, "kind"));
			}
			hold = POLL_HOLD_FOR_WAL;
		}
		else if (show_log && is_copied_from_here(state))
		{
			poc_job_report_copy(report);
			hold = POLL_HOLD_FOR_PROGRESS;
		}
		if (deadline != DT_NOEND)
		{
			long left = TimestampDifferenceMilliseconds(now, deadline);

			hold = Min(hold, (int) (left / 1000));
			if (hold == 0)
				poc_job_nap(Min(left, POLL_NAP));
		}
	}

	MemoryContextSwitchTo(outer);
	poc_job_report_end(report, state, job->id);
	state = (Jsonb *) PG_DETOAST_DATUM_COPY(PointerGetDatum(state));
	MemoryContextDelete(context);
	return state;
}

/*
 * Polls once.  Polling changes nothing, so if the sidecar does not answer
 * (perhaps it restarts), polls again for a while.
 */
static Jsonb *
poll_job(const char *path, int hold)
{
	PocJobAbsence absence = {.since = GetCurrentTimestamp(), .grace = hold * 1000};

	for (;;)
	{
		PocHttpFailure failure = {0};
		Jsonb *answer = poc_sidecar_get(path, hold * 1000, &failure);

		if (answer != NULL)
			return answer;
		poc_job_await_sidecar(&absence, &failure);
	}
}

/*
 * Warns, once, if archive_command began to fail while the job waits: WAL that we write
 * does not reach Barman by it.  Of one that failed before, the caller knows.
 */
static void
warn_of_archiver(WalHelp *help)
{
	char *trouble = help->archiver_failed ? NULL : poc_archiver_trouble();

	if (trouble == NULL)
		return;
	help->archiver_failed = true;
	ereport(WARNING, (errmsg("%s", trouble), errhint(POC_ARCHIVER_HINT)));
}

/*
 * Writes the WAL that Barman waits for.
 *
 * A switch closes the segment that the backup needs, and the tick after it
 * makes Barman's receiver finish that segment.  The tick before it makes sure
 * that there is something to close: on PostgreSQL 17 and later, Barman before
 * 3.15 waits for one segment more than it needs (barman#1041).  One switch is
 * usually enough, so further ones come at growing intervals: each adds a
 * segment to the archive.
 */
static void
help_with_wal(WalHelp *help, const char *kind)
{
	static const int interval[] = {5, 10, 20, 30}; /* seconds */
	TimestampTz now = GetCurrentTimestamp();

	/* on a standby, only the primary could help */
	if (RecoveryInProgress())
		return;

	poc_wal_tick();

	/* such a job waits for a segment that is already closed */
	if (kind != NULL && strcmp(kind, "switch-wal") == 0)
		return;
	if (now < help->next_switch)
		return;
	poc_wal_switch();
	poc_wal_tick();

	help->next_switch = TimestampTzPlusMilliseconds(now,
													interval[Min(help->switches, lengthof(interval) - 1)] *
														1000);
	help->switches++;
}

/*
 * Is the job known to concern another server?  Then our WAL does not help it.
 */
static bool
is_of_another_server(Jsonb *job)
{
	char *identifier = poc_json_text(job, "system_identifier");

	return identifier != NULL &&
		   strcmp(identifier, psprintf(UINT64_FORMAT, GetSystemIdentifier())) != 0;
}

/* Does Barman copy this backup from this very server? */
static bool
is_copied_from_here(Jsonb *job)
{
	char *kind = poc_json_text(job, "kind");
	char *phase = poc_json_text(job, "phase");
	return kind != NULL && strcmp(kind, "backup") == 0 && phase != NULL &&
		   strcmp(phase, "copying") == 0 && poc_json_text(job, "system_identifier") != NULL &&
		   !is_of_another_server(job);
}

/* The address of a job; the name may be anything. */
char *
poc_job_path(const char *id)
{
	Datum segments[2];

	segments[0] = CStringGetTextDatum("jobs");
	segments[1] = CStringGetTextDatum(id);
	return poc_sidecar_path(construct_array(segments, 2, TEXTOID, -1, false, TYPALIGN_INT));
}

static bool
is_in_phase(Jsonb *job, const char *phase)
{
	char *now = phase != NULL ? poc_json_text(job, "phase") : NULL;

	return now != NULL && strcmp(now, phase) == 0;
}

bool
poc_job_is_ended(Jsonb *job)
{
	char *state = poc_json_text(job, "state");

	return strcmp(state, "queued") != 0 && strcmp(state, "running") != 0;
}

void
poc_job_require_success(Jsonb *job, const char *id)
{
	char *state = poc_json_text(job, "state");
	char *hint = psprintf("The log of the job: SELECT * FROM poc_job_log('%s').", id);
	Jsonb *error;

	if (strcmp(state, "done") == 0)
		return;

	if (strcmp(state, "cancelled") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OPERATOR_INTERVENTION), errmsg("job %s was cancelled", id),
				 errdetail("Somebody else asked the sidecar to cancel it, or the sidecar was stopped."),
				 errhint("%s", hint)));

	error = poc_json_member(job, "error", jbvObject);
	if (error == NULL && strcmp(state, "lost") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYSTEM_ERROR), errmsg("job %s is lost", id),
				 errdetail(
					 "The sidecar was restarted while the job ran, and does not know how it ended."),
				 errhint("poc_backups() shows what has become of it. %s", hint)));
	poc_sidecar_throw_error(error, 0, hint);
}

/* Converts a time limit in seconds to a deadline. */
static TimestampTz
deadline_of_argument(FunctionCallInfo fcinfo, int argument)
{
	double seconds;

	if (PG_ARGISNULL(argument))
		return DT_NOEND;
	seconds = PG_GETARG_FLOAT8(argument);
	if (!(seconds >= 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("timeout must not be negative"),
				 errdetail("It is %g seconds.", seconds), errhint("Use NULL for no time limit.")));

	/* a century means no limit, and keeps the sum in range */
	if (seconds > 100.0 * DAYS_PER_YEAR * SECS_PER_DAY)
		return DT_NOEND;
	return GetCurrentTimestamp() + (TimestampTz) (seconds * USECS_PER_SEC);
}
