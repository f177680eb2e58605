/*
 * expiry.c
 *
 * How long the records of jobs are kept.  Removes none that runs, that somebody
 * waits for, or by which a limit counts.
 */
#include "jobs/expiry.h"

#include <stdlib.h>

#include "base/timestamp.h"
#include "jobs/limits.h"
#include "jobs/store.h"

/* The newest so many, for so long */
#define KEEP_JOBS 1000
#define KEEP_US	  (INT64_C(30) * 86400 * 1000000)

void
jobs_purge(void)
{
	int64_t oldest = timestamp_now() - KEEP_US;
	int count = 0;

	for (Job **link = &job_table.newest; *link != NULL;)
	{
		Job *job = *link;

		count++;
		if (job_has_ended(job) && job->waiters == NULL && !job_limits_need(job) &&
			(count > KEEP_JOBS || job->created < oldest))
		{
			*link = job->next;
			job_store_remove(job->id);
			job_free(job);
		}
		else
			link = &job->next;
	}
}

void
job_free(Job *job)
{
	free(job->kind);
	free(job->server);
	free(job->key);
	free(job->request);
	free(job->phase);
	free(job->system_identifier);
	free(job->brief);
	free(job->result_text);
	json_decref(job->result);
	json_decref(job->error);
	job_request_release(&job->asked);
	json_decref(job->log);
	run_control_destroy(job->control);
	free(job);
}
