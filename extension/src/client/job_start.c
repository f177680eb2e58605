/*-------------------------------------------------------------------------
 *
 * job_start.c
 *	  Starts a job of the sidecar, so that it is either known or not running.
 *
 * An answer can be lost, and a query can be cancelled before it arrives.  So every
 * request that starts a job carries a random idempotency key: a repeated request is
 * answered with the job that it has started, and the idempotency key alone suffices to
 * cancel a job whose identifier never arrived.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/pmsignal.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "client/http.h"
#include "client/job.h"
#include "client/json.h"
#include "client/sidecar.h"

/*
 * How long a sidecar may be unreachable before we give up its job, in ms: a
 * restart takes a second or two, and then the sidecar knows the job's state.
 */
#define AWAY_LIMIT 15000
#define AWAY_NAP   500

/* Allocates a job to be started, with its idempotency key. */
PocJob *
poc_job_new(void)
{
	PocJob *job = palloc0(sizeof(PocJob));
	uint8 random[POC_JOB_KEY_BYTES];

	if (!pg_strong_random(random, sizeof(random)))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
	for (int i = 0; i < POC_JOB_KEY_BYTES; i++)
		snprintf(job->key + 2 * i, 3, "%02x", random[i]);
	return job;
}

/*
 * Starts the job by POST, or by DELETE if there is no body, and returns it as
 * the sidecar describes it.  Repeats the request if the answer is lost.
 *
 * From here on the caller must make sure that poc_job_cancel() is called if an
 * error ends the query.
 */
Jsonb *
poc_job_start(PocJob *job, const char *path, Jsonb *body)
{
	PocJobAbsence absence = {.since = GetCurrentTimestamp()};
	Jsonb *volatile answer = NULL;
	Jsonb *object;
	char *id;
	volatile bool sent_before = false;
	bool refused = false;

	while (answer == NULL)
	{
		PocHttpFailure failure = {0};

		job->may_run = true;
		PG_TRY();
		{
			answer = poc_sidecar_start(path, body, job->key, &failure, &refused);
		}
		PG_CATCH();
		{
			job->may_run = sent_before || !refused;
			PG_RE_THROW();
		}
		PG_END_TRY();
		if (answer != NULL)
			break;

		sent_before |= failure.sent;
		job->may_run = sent_before;
		if (!sent_before || failure.timed_out)
			poc_sidecar_throw(&failure);
		poc_job_await_sidecar(&absence, &failure);
	}

	object = poc_job_in_answer(answer, path);
	id = poc_json_text(object, "id");
	if (id == NULL || strlen(id) >= sizeof(job->id))
		poc_sidecar_malformed(path, "It has a job without an \"id\".");
	strlcpy(job->id, id, sizeof(job->id));
	return object;
}

/* Returns the job in an answer of the sidecar. */
Jsonb *
poc_job_in_answer(Jsonb *answer, const char *path)
{
	Jsonb *object = poc_json_member(answer, "job", jbvObject);

	if (object == NULL)
		poc_sidecar_malformed(path, "It has no object of the name \"job\".");
	if (poc_json_text(object, "state") == NULL)
		poc_sidecar_malformed(path, "It has a job without a \"state\".");
	return object;
}

/*
 * After the failure of a repeatable request: sleeps until it is time to repeat
 * it.  Throws if the failure is of another kind, or lasts too long.
 */
void
poc_job_await_sidecar(PocJobAbsence *absence, PocHttpFailure *failure)
{
	if (ERRCODE_TO_CATEGORY(failure->sqlstate) != ERRCODE_CONNECTION_EXCEPTION ||
		failure->sqlstate == ERRCODE_PROTOCOL_VIOLATION ||
		TimestampDifferenceExceeds(absence->since, GetCurrentTimestamp(), absence->grace + AWAY_LIMIT))
		poc_sidecar_throw(failure);
	if (!absence->told)
		ereport(NOTICE, (errmsg("%s; trying again", failure->message),
						 failure->detail ? errdetail("%s", failure->detail) : 0));
	absence->told = true;
	poc_job_nap(AWAY_NAP);
}

/* Sleeps until the time is over or the latch is set. */
void
poc_job_nap(long milliseconds)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}
