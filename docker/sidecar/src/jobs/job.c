/*
 * job.c
 *
 * What requests ask of a job: that it be submitted, watched or cancelled.  A
 * long poll holds no thread, so nothing here may wait.
 */
#include "jobs/job.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/idempotency.h"
#include "jobs/limits.h"
#include "jobs/store.h"
#include "jobs/table.h"

/* Bytes of a log in an answer: as many as are parsed and sent without anybody noticing */
#define LOG_PAGE ((size_t) 1024 * 1024)

static Answer *submit(const JobCaller *caller, const JobKind *kind, const char *server,
					  json_t *arguments, bool is_freeing);
static void new_id(char id[ID_SIZE]);
static void request_cancel(Job *job);
static Answer *accepted(int status, const Job *job);

Answer *
job_submit(const JobCaller *caller, const JobKind *kind, const char *server, json_t *arguments)
{
	return submit(caller, kind, server, arguments, false);
}

Answer *
job_submit_freeing(const JobCaller *caller, const JobKind *kind, const char *server, json_t *arguments)
{
	return submit(caller, kind, server, arguments, true);
}

static Answer *
submit(const JobCaller *caller, const JobKind *kind, const char *server, json_t *arguments,
	   bool is_freeing)
{
	Job		   *job;
	Job		   *other;
	pthread_attr_t attributes;
	pthread_t	thread;
	Answer	   *answer = NULL;
	RunControl *control;
	bool		started;

	pthread_mutex_lock(&job_table.lock);
	/* one that was cancelled is on its way out: ours waits for its end */
	other = kind->exclusive ? job_find_running(NULL, kind->name, server, false) : NULL;
	if (job_table.stopping)
		answer = answer_error("shutting_down", "the sidecar is shutting down", NULL,
							  "Try again when it is back.");
	else if (other != NULL)
	{
		char	   *message = mem_printf("another %s of server \"%s\" is running", kind->name, server);
		char	   *detail = mem_printf("It is job %s.", other->id);

		answer = answer_error(BARMAN_BACKUP_RUNNING, message, detail,
							  "Wait until it has ended, or cancel it.");
		free(message);
		free(detail);
	}
	else
		answer = job_limits_refuse(caller, kind, server, arguments);
	control = answer == NULL ? run_control_create() : NULL;
	if (answer == NULL && control == NULL)
		answer = answer_error(BARMAN_INTERNAL, "out of file descriptors", NULL, NULL);
	if (answer != NULL)
	{
		pthread_mutex_unlock(&job_table.lock);
		json_decref(arguments);
		return answer;
	}

	job = mem_alloc(sizeof(Job));
	new_id(job->id);
	job->kind = mem_strdup(kind->name);
	job->server = mem_strdup(server);
	job->key = mem_strdup(caller->key);
	job->request = job_request_text(caller);
	job->state = STATE_QUEUED;
	job->created = timestamp_now();
	job->clock = monotonic_ms();
	job->does = kind;
	job->arguments = arguments;
	job->control = control;
	job->log = json_checked(json_array());
	job_insert(job);
	job_table.running++;
	jobs_purge();
	pthread_mutex_unlock(&job_table.lock);

	log_line(LOGLEVEL_INFO, "job accepted", "id", job->id, "kind", kind->name, "server", server,
			 "from", caller->from, "scope", token_scope_name(caller->grant != NULL ? caller->grant->scope : SCOPE_UNSET), NULL);

	/* Durable before anybody hears of it, but for what ends a full disk */
	if (!job_write_record(job) && !is_freeing)
		answer = answer_error(BARMAN_INTERNAL, "could not record the job",
							  "The state directory cannot be written.",
							  "Look at the sidecar's log.");
	pthread_mutex_lock(&job_table.lock);
	if (answer == NULL)
	{
		answer = accepted(202, job);
		pthread_attr_init(&attributes);
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
		started = pthread_create(&thread, &attributes, job_main, job) == 0;
		pthread_attr_destroy(&attributes);
		if (!started)
		{
			answer_release(answer);
			answer = answer_error(BARMAN_INTERNAL, "could not start a thread", NULL, NULL);
		}
	}
	if (answer->status != 202)
	{
		job_decide(job, STATE_FAILED, NULL,
				   error_json(BARMAN_INTERNAL, "the job could not be started", NULL, NULL));
		job_settle(job);
	}
	pthread_mutex_unlock(&job_table.lock);
	return answer;
}

Answer *
job_of_request(const JobCaller *caller)
{
	Job		   *job;
	Answer	   *answer = NULL;
	char	   *text;

	if (caller->key == NULL)
		return NULL;
	text = job_request_text(caller);
	pthread_mutex_lock(&job_table.lock);
	job = job_find_key(caller->key);
	if (job != NULL && strcmp(job->request, text) != 0)
	{
		char	   *detail = mem_printf("It was sent with: %s.", job->request);

		answer = answer_error("conflict", "the idempotency key belongs to another request",
							  detail, "Use each key for one request.");
		free(detail);
	}
	else if (job != NULL)
		answer = accepted(202, job);
	else if (job_keys_barred(caller->key))
		answer = answer_error("conflict", "the request was cancelled before it came", NULL,
							  "Send it again with another Idempotency-Key.");
	pthread_mutex_unlock(&job_table.lock);
	free(text);
	return answer;
}

Answer *
job_cancel_key(const JobCaller *caller, const char *key)
{
	Job		   *job;
	Answer	   *answer;
	json_t	   *nothing;

	pthread_mutex_lock(&job_table.lock);
	job = job_find_key(key);
	if (job == NULL || !job_is_visible(job, caller))
	{
		if (job == NULL)
			job_keys_bar(key);
		nothing = json_checked(json_object());
		json_object_set_new(nothing, "job", json_null());
		answer = answer_json(200, nothing);
	}
	else if (job_has_ended(job))
		answer = accepted(200, job);
	else
	{
		request_cancel(job);
		answer = accepted(202, job);
	}
	pthread_mutex_unlock(&job_table.lock);
	return answer;
}

Answer *
job_poll(const JobCaller *caller, const char *id, int64_t after, int64_t wait_ms, JobWaiter *waiter)
{
	Job		   *job;
	json_t	   *value;
	json_t	   *lines;
	size_t		bytes = 0;
	bool		more = false;
	bool		first = waiter != NULL && waiter->deadline == 0;

	pthread_mutex_lock(&job_table.lock);
	job = job_find(id);
	if (job == NULL || !job_is_visible(job, caller))
	{
		pthread_mutex_unlock(&job_table.lock);
		return answer_errorf("unknown_job", "there is no job \"%s\"", id);
	}
	if (first && wait_ms > 0 && !job_table.stopping && !job_has_ended(job) && job->log_lines <= after)
	{
		waiter->deadline = monotonic_ms() + wait_ms;
		waiter->wait(waiter);
		waiter->next = job->waiters;
		job->waiters = waiter;
		pthread_mutex_unlock(&job_table.lock);
		return NULL;
	}

	value = json_checked(json_object());
	json_object_set_new(value, "job", job_json(job));
	if (job->log != NULL)
	{
		lines = json_checked(json_array());
		for (size_t i = after > 0 ? (size_t) after : 0; i < json_array_size(job->log) && !more; i++)
		{
			json_t	   *line = json_array_get(job->log, i);
			size_t		length = json_string_length(json_object_get(line, "text"));

			more = bytes > 0 && bytes + length > LOG_PAGE;
			if (!more)
				json_array_append(lines, line);
			bytes += length + 1;
		}
		/* a copy: the log grows while the answer is sent */
		json_object_set_new(value, "log", json_checked(json_deep_copy(lines)));
		json_decref(lines);
		pthread_mutex_unlock(&job_table.lock);
	}
	else
	{
		pthread_mutex_unlock(&job_table.lock);
		json_object_set_new(value, "log", job_store_read_log(id, after, LOG_PAGE, &more));
	}
	if (more)
		json_object_set_new(value, "more", json_true());
	return answer_json(200, value);
}

Answer *
job_cancel(const JobCaller *caller, const char *id)
{
	Job		   *job;
	Answer	   *answer;

	pthread_mutex_lock(&job_table.lock);
	job = job_find(id);
	if (job == NULL || !job_is_visible(job, caller))
		answer = answer_errorf("unknown_job", "there is no job \"%s\"", id);
	else if (job_has_ended(job))
		answer = answer_errorf("job_ended", "job \"%s\" has already ended: it is %s", id,
							   job_state_names[job->state]);
	else
	{
		request_cancel(job);
		answer = accepted(202, job);
	}
	pthread_mutex_unlock(&job_table.lock);
	return answer;
}

void
job_touch(Job *job)
{
	JobWaiter  *waiter = job->waiters;

	job->waiters = NULL;
	while (waiter != NULL)
	{
		JobWaiter  *next = waiter->next;	/* gone once woken */

		waiter->wake(waiter);
		waiter = next;
	}
}

/* 20261122T081530Z-3f9a2c: sorts by time, and is not easily guessed. */
static void
new_id(char id[ID_SIZE])
{
	time_t		now = time(NULL);
	struct tm	parts;
	char		stamp[24];

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

/* The lock is held. */
static void
request_cancel(Job *job)
{
	if (job->cancel_requested)
		return;
	job->cancel_requested = true;
	job_add_line(job, JOB_WARNING, "cancelling");
	run_control_cancel(job->control);
	pthread_cond_broadcast(&job_table.ended); /* it may be waiting for its turn */
}

static Answer *
accepted(int status, const Job *job)
{
	json_t	   *value = json_checked(json_object());
	Answer	   *answer;

	json_object_set_new(value, "job", job_json(job));
	answer = answer_json(status, value);
	answer->location = mem_printf("/v1/jobs/%s", job->id);
	return answer;
}
