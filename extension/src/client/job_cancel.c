/*-------------------------------------------------------------------------
 *
 * job_cancel.c
 *	  Cancels the job of a query that ends before it: cancelled, failed, or its client gone.
 *
 * Whoever starts a job arms this by PG_ENSURE_ERROR_CLEANUP.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "storage/ipc.h"
#include "storage/pmsignal.h"

#include "base/compat.h"
#include "client/http.h"
#include "client/job.h"

/* milliseconds that cancelling a job may delay the end of a query */
#define CANCEL_TIMEOUT 1000

/*
 * Runs during error cleanup or process exit: does not throw, and takes no
 * longer than CANCEL_TIMEOUT.
 */
void
poc_job_cancel(int code, Datum arg)
{
	PocJob *job = (PocJob *) DatumGetPointer(arg);
	char path[sizeof(job->key) + 32];

	/* after the death of the postmaster, exit fast */
	if (!job->may_run || !PostmasterIsAlive())
		return;
	job->may_run = false;
	snprintf(path, sizeof(path), "/v1/keys/%s/cancel", job->key);
	if (poc_http_post_quietly(path, CANCEL_TIMEOUT) || proc_exit_inprogress)
		return;

	if (job->id[0] == '\0')
		ereport(WARNING,
				(errmsg("could not cancel the job that was being started"),
				 errdetail(
					 "The sidecar did not confirm the cancellation; if the job has started, it may still run."),
				 errhint("When the sidecar answers again: SELECT * FROM poc_jobs().")));
	else
		ereport(WARNING,
				(errmsg("could not cancel job %s", job->id),
				 errdetail("The sidecar did not confirm the cancellation; the job may still run."),
				 errhint("When the sidecar answers again: SELECT * FROM poc_cancel_job('%s').",
						 job->id)));
}
