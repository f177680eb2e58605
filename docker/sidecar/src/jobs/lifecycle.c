/*
 * lifecycle.c
 *
 * Jobs from the start of the sidecar to its end: loads them from their
 * records, lists them, and removes old ones.
 */
#include "jobs/lifecycle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "jobs/idempotency.h"
#include "jobs/limits.h"
#include "jobs/log_lines.h"
#include "jobs/record.h"
#include "jobs/store.h"
#include "jobs/thread.h"
#include "jobs/waiters.h"

#define KEEP_JOBS 1000
#define KEEP_US	  (INT64_C(30) * 86400 * 1000000)

/* How long jobs_stop() waits; the program must end within ten seconds. */
#define STOP_MS 8000

static void recover(Job *job, const json_t *record);
static void free_job(Job *job);

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
			free_job(job);
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
			recover(job, one);
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

		free_job(job_table.newest);
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
 * readers accept.
 */
Answer *
jobs_list(const TokenGrant *grant, int64_t limit, const char *before)
{
	json_t *list = json_checked(json_array());
	json_t *value = json_checked(json_object());
	const Job *job;

	pthread_mutex_lock(&job_table.lock);
	job = before != NULL ? job_find(before) : NULL;
	for (job = job != NULL		? job->next
			   : before != NULL ? NULL
								: job_table.newest;
		 job != NULL && (int64_t) json_array_size(list) < limit; job = job->next)
	{
		if (job_is_visible(job, grant))
			json_array_append_new(list, job_json_brief(job));
	}
	if (job != NULL)
		json_object_set_new(value, "more", json_true());
	pthread_mutex_unlock(&job_table.lock);
	json_object_set_new(value, "jobs", list);
	return answer_json(200, value);
}

/*
 * Recovers a job that was running when the sidecar crashed.  Ends its
 * processes, because their outcome could not be reported.
 */
static void
recover(Job *job, const json_t *value)
{
	json_t *process = json_object_get(value, "process");
	json_t *lines;
	bool more;
	const char *boot = json_string_value(json_object_get(process, "boot"));

	log_line(LOGLEVEL_WARNING, "a job was running when the sidecar ended: it is lost", "id",
			 job->id, "kind", job->kind, "server", job->server, NULL);
	if (boot != NULL && strcmp(boot, process_boot_id()) == 0)
	{
		pid_t group = (pid_t) json_integer_value(json_object_get(process, "group"));

		if (process_end_group(group, (pid_t) json_integer_value(json_object_get(process, "session")),
							  (uint64_t) json_integer_value(json_object_get(process, "start_time")),
							  CANCEL_GRACE_MS / 2))
			log_line(LOGLEVEL_WARNING, "ended the processes of a lost job", "id", job->id, NULL);
	}

	/* The log may have more lines than the record says. */
	lines = job_store_read_log(job->id, 0, SIZE_MAX, &more);
	if ((int) json_array_size(lines) > job->log_lines)
		job->log_lines = (int) json_array_size(lines);
	json_decref(lines);
	pthread_mutex_lock(&job_table.lock);
	job_add_line(job, JOB_WARNING, "lost: the sidecar ended while the job ran");
	job->clock = monotonic_ms() - job->elapsed_ms;
	job_decide(job, STATE_LOST, NULL,
			   error_json("lost", "the sidecar ended while the job ran",
						  "How it went is not known; its processes were ended.",
						  "Look at the list of backups, then start it again."));
	job->state = STATE_LOST;
	pthread_mutex_unlock(&job_table.lock);
	job_write_record(job);
}

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
			free_job(job);
		}
		else
			link = &job->next;
	}
}

static void
free_job(Job *job)
{
	free(job->kind);
	free(job->server);
	free(job->key);
	free(job->request);
	free(job->phase);
	free(job->system_identifier);
	json_decref(job->result);
	json_decref(job->error);
	job_request_release(&job->asked);
	json_decref(job->log);
	run_control_destroy(job->control);
	free(job);
}
