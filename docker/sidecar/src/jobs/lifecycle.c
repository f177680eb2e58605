/*
 * lifecycle.c
 *
 * Jobs from the start of the sidecar to its end: loads them from their
 * records (those that ran are lost: lost_job.c), lists them, and waits for them
 * in the end.
 */
#include "jobs/job.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/memory.h"
#include "jobs/expiry.h"
#include "jobs/idempotency.h"
#include "jobs/lost_job.h"
#include "jobs/record.h"
#include "jobs/store.h"
#include "jobs/thread.h"
#include "jobs/waiters.h"

/* How long jobs_stop() waits; the program must end within ten seconds. */
#define STOP_MS 8000

bool
jobs_start(const char *state_dir)
{
	json_t *records;
	json_t *one;
	size_t i;

	if (!job_store_open(state_dir))
		return false;
	job_table.stopping = false;
	records = job_store_load();
	json_array_foreach (records, i, one)
	{
		Job *job = job_of_record(one);

		if (job != NULL && job_find(job->id) != NULL)
		{
			job_free(job);
			job = NULL;
		}
		if (job == NULL)
		{
			log_line(LOGLEVEL_WARNING, "the record of a job is incomplete: ignored", "id",
					 json_string_value(json_object_get(one, "id")), NULL);
			continue;
		}
		job_insert(job);
		if (!job_has_ended(job))
			job_lose(job, one);
	}
	json_decref(records);
	pthread_mutex_lock(&job_table.lock);
	jobs_purge();
	pthread_mutex_unlock(&job_table.lock);
	return true;
}

void
jobs_stop(void)
{
	struct timespec until;

	pthread_mutex_lock(&job_table.lock);
	job_table.stopping = true;
	for (Job *job = job_table.newest; job != NULL; job = job->next)
	{
		if (!job_has_ended(job))
		{
			job->cancel_requested = true;
			run_control_hurry(job->control);
		}
	}
	pthread_cond_broadcast(&job_table.ended);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_MS / 1000;
	while (job_table.running > 0)
	{
		if (pthread_cond_timedwait(&job_table.ended, &job_table.lock, &until) == ETIMEDOUT)
			break;
	}
	for (Job *job = job_table.newest; job != NULL; job = job->next)
		job_touch(job);
	/* The record says "running", so the next start marks the job as lost. */
	if (job_table.running > 0)
		log_line(LOGLEVEL_ERROR, "a job does not end: left as it is", NULL);
	pthread_mutex_unlock(&job_table.lock);
}

void
jobs_forget(void)
{
	bool idle;

	pthread_mutex_lock(&job_table.lock);
	idle = job_table.running == 0;
	while (idle && job_table.newest != NULL)
	{
		Job *next = job_table.newest->next;

		job_free(job_table.newest);
		job_table.newest = next;
	}
	job_keys_forget();
	pthread_mutex_unlock(&job_table.lock);
	if (idle)
		job_store_close();
}

/*
 * Lists the newest jobs first, at most limit, beginning after the job
 * "before".  Leaves out the results, so that the list stays within what its
 * readers accept.  Of those that have ended it has the texts: the thread that
 * serves all connections makes the list.  A job that is not visible is as one
 * that is not there, as "before" and behind the last, too.
 */
Answer *
jobs_list(const TokenGrant *grant, int64_t limit, const char *before)
{
	char *body = NULL;
	size_t length = 0;
	FILE *text = open_memstream(&body, &length);
	int64_t count = 0;
	bool more = false;
	Job *job;

	if (text == NULL)
		(void) json_checked(NULL);
	fputs("{\"jobs\":[", text);
	pthread_mutex_lock(&job_table.lock);
	job = before != NULL ? job_find(before) : job_table.newest;
	if (before != NULL && job != NULL)
		job = job_is_visible(job, grant) ? job->next : NULL;
	for (; job != NULL && !more; job = job->next)
	{
		if (!job_is_visible(job, grant))
			continue;
		more = count == limit;
		if (!more)
			job_write_brief(job, count++ == 0 ? "" : ",", text);
	}
	fputs(more ? "],\"more\":true}" : "]}", text);
	pthread_mutex_unlock(&job_table.lock);
	if (fclose(text) != 0)
		(void) json_checked(NULL);
	return answer_text("application/json", body);
}
