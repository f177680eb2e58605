/*
 * submit.c
 *
 * Turns a request into a job.  Records the job before it answers, and starts
 * one job, however often the request is sent.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/expiry.h"
#include "jobs/idempotency.h"
#include "jobs/limits.h"
#include "jobs/record.h"
#include "jobs/table.h"
#include "jobs/thread.h"

static Answer *refuse(const JobCaller *caller, const JobKind *kind, const char *server,
					  const char *backup_id);
static Job *add_job(const JobCaller *caller, const JobKind *kind, const char *server,
					JobRequest asked, RunControl *control);
static Answer *start_thread(Job *job);
static void new_id(char id[ID_SIZE]);

Answer *
job_submit(const JobCaller *caller, const JobKind *kind, const char *server, JobRequest asked)
{
	Job *job;
	Answer *answer;
	RunControl *control;

	pthread_mutex_lock(&job_table.lock);
	answer = refuse(caller, kind, server, asked.backup_id);
	control = answer == NULL ? run_control_create() : NULL;
	if (answer == NULL && control == NULL)
		answer = answer_error(BARMAN_INTERNAL, "out of file descriptors", NULL, NULL);
	if (answer != NULL)
	{
		pthread_mutex_unlock(&job_table.lock);
		job_request_release(&asked);
		return answer;
	}
	job = add_job(caller, kind, server, asked, control);
	pthread_mutex_unlock(&job_table.lock);

	log_line(LOGLEVEL_INFO, "job accepted", "id", job->id, "kind", kind->name, "server", server,
			 "from", caller->from, "scope",
			 token_scope_name(caller->grant != NULL ? caller->grant->scope : SCOPE_UNSET), NULL);

	/* Make the job durable before the answer; a job that frees disk space may go unrecorded. */
	if (!job_write_record(job) && !kind->frees_room)
		answer = answer_error(BARMAN_INTERNAL, "could not record the job",
							  "The state directory cannot be written.", "Look at the sidecar's log.");
	pthread_mutex_lock(&job_table.lock);
	if (answer == NULL)
		answer = start_thread(job);
	if (answer->status != 202)
	{
		job_decide(job, STATE_FAILED, NULL,
				   error_json(BARMAN_INTERNAL, "the job could not be started", NULL, NULL));
		job_settle(job);
	}
	pthread_mutex_unlock(&job_table.lock);
	return answer;
}

/* NULL if the job may run; the lock is held. */
static Answer *
refuse(const JobCaller *caller, const JobKind *kind, const char *server, const char *backup_id)
{
	/* a cancelled job is about to end: the new one waits for it */
	const Job *other = kind->exclusive ? job_find_running(NULL, kind->name, server, false) : NULL;
	Answer *answer;
	char *message;
	char *detail;

	if (job_table.stopping)
		return answer_error("shutting_down", "the sidecar is shutting down", NULL,
							"Try again when it is back.");
	if (other == NULL)
		return job_limits_refuse(caller, kind, server, backup_id);
	message = mem_printf("another %s of server \"%s\" is running", kind->name, server);
	detail = mem_printf("It is job %s.", other->id);
	answer = answer_error(BARMAN_BACKUP_RUNNING, message, detail,
						  "Wait until it has ended, or cancel it.");
	free(message);
	free(detail);
	return answer;
}

/* Takes what is asked for and the control; the lock is held. */
static Job *
add_job(const JobCaller *caller, const JobKind *kind, const char *server, JobRequest asked,
		RunControl *control)
{
	Job *job = mem_alloc(sizeof(Job));

	new_id(job->id);
	job->kind = mem_strdup(kind->name);
	job->server = mem_strdup(server);
	job->key = mem_strdup(caller->key);
	job->request = job_request_text(caller);
	job->state = STATE_QUEUED;
	job->created = timestamp_now();
	job->clock = monotonic_ms();
	job->does = kind;
	job->asked = asked;
	job->control = control;
	job->log = json_checked(json_array());
	job_insert(job);
	job_table.running++;
	jobs_purge();
	return job;
}

/* The answer that tells of the job, or why there is no thread; the lock is held. */
static Answer *
start_thread(Job *job)
{
	Answer *answer = job_accepted(202, job);
	pthread_attr_t attributes;
	pthread_t thread;
	bool started;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	started = pthread_create(&thread, &attributes, job_main, job) == 0;
	pthread_attr_destroy(&attributes);
	if (started)
		return answer;
	answer_release(answer);
	return answer_error(BARMAN_INTERNAL, "could not start a thread", NULL, NULL);
}

/* 20261122T081530Z-3f9a2c: sorts by time, and is hard to guess. */
static void
new_id(char id[ID_SIZE])
{
	time_t now = time(NULL);
	struct tm parts;
	char stamp[24];

	gmtime_r(&now, &parts);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &parts);
	do
	{
		unsigned int random = 0;

		if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random))
			random = (unsigned int) timestamp_now();
		snprintf(id, ID_SIZE, "%s-%06x", stamp, random & 0xffffff);
	} while (job_find(id) != NULL);
}
