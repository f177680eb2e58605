/*-------------------------------------------------------------------------
 *
 * job_start.c
 *	  Starting a job of the sidecar, so that it is known or does not run.
 *
 * An answer can be lost, and a query can be cancelled before it comes.  So
 * every request that starts a job goes under a random key: sent again with it,
 * the request is answered with the job it has started; and by the key alone a
 * job can be cancelled whose identifier never reached us.
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

/* milliseconds that the cancellation of a job may hold up the end of a query */
#define CANCEL_TIMEOUT 1000

/*
 * How long a sidecar may be away before its job is given up, in ms: a restart
 * takes a second or two, and then the job's fate can be told.
 */
#define AWAY_LIMIT 15000
#define AWAY_NAP 500

/*
 * A job to be started, with the key that it will have.
 */
PocJob *
poc_job_new(void)
{
	PocJob	   *job = palloc0(sizeof(PocJob));
	uint8		random[POC_JOB_KEY_BYTES];

	if (!pg_strong_random(random, sizeof(random)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	for (int i = 0; i < POC_JOB_KEY_BYTES; i++)
		snprintf(job->key + 2 * i, 3, "%02x", random[i]);
	return job;
}

/*
 * Starts the job by POST, or without a body by DELETE; returns it as the
 * sidecar describes it.  When the answer is lost, asks for it again.
 *
 * From here on the caller must see to it that poc_job_cancel() is called
 * should an error end the query.
 */
Jsonb *
poc_job_start(PocJob *job, const char *path, Jsonb *body)
{
	PocJobAbsence absence = {.since = GetCurrentTimestamp()};
	Jsonb	   *volatile answer = NULL;
	Jsonb	   *object;
	char	   *id;
	volatile bool sent_before = false;
	bool		refused = false;

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

/*
 * Called while an error or the end of the process is under way: throws nothing
 * and takes no longer than CANCEL_TIMEOUT.
 */
void
poc_job_cancel(int code, Datum arg)
{
	PocJob	   *job = (PocJob *) DatumGetPointer(arg);
	char		path[sizeof(job->key) + 32];

	/* with the postmaster dead, whoever can, should end fast */
	if (!job->may_run || !PostmasterIsAlive())
		return;
	job->may_run = false;
	snprintf(path, sizeof(path), "/v1/keys/%s/cancel", job->key);
	if (poc_http_post_quietly(path, CANCEL_TIMEOUT) || proc_exit_inprogress)
		return;

	if (job->id[0] == '\0')
		ereport(WARNING,
				(errmsg("could not cancel the job that was being started"),
				 errdetail("The sidecar did not confirm the cancellation; if the job has started, it may still run."),
				 errhint("When the sidecar answers again: SELECT * FROM poc_jobs().")));
	else
		ereport(WARNING,
				(errmsg("could not cancel job %s", job->id),
				 errdetail("The sidecar did not confirm the cancellation; the job may still run."),
				 errhint("When the sidecar answers again: SELECT * FROM poc_cancel_job('%s').",
						 job->id)));
}

/*
 * The job in an answer of the sidecar
 */
Jsonb *
poc_job_in_answer(Jsonb *answer, const char *path)
{
	Jsonb	   *object = poc_json_member(answer, "job", jbvObject);

	if (object == NULL)
		poc_sidecar_malformed(path, "It has no object of the name \"job\".");
	if (poc_json_text(object, "state") == NULL)
		poc_sidecar_malformed(path, "It has a job without a \"state\".");
	return object;
}

/*
 * After a request that may be sent again has failed: sleeps until it is time
 * to; throws if the failure is of another kind, or lasts for too long.
 */
void
poc_job_await_sidecar(PocJobAbsence *absence, PocHttpFailure *failure)
{
	if (ERRCODE_TO_CATEGORY(failure->sqlstate) != ERRCODE_CONNECTION_EXCEPTION ||
		failure->sqlstate == ERRCODE_PROTOCOL_VIOLATION ||
		TimestampDifferenceExceeds(absence->since, GetCurrentTimestamp(),
								   absence->grace + AWAY_LIMIT))
		poc_sidecar_throw(failure);
	if (!absence->told)
		ereport(NOTICE,
				(errmsg("%s; trying again", failure->message),
				 failure->detail ? errdetail("%s", failure->detail) : 0));
	absence->told = true;
	poc_job_nap(AWAY_NAP);
}

/*
 * Sleeps, unless something happens to this process.
 */
void
poc_job_nap(long milliseconds)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 milliseconds, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}
