/*
 * watch.c
 *
 * Answers with a job and the lines of its log that the watcher has not seen.
 * Never blocks: a watcher that waits goes on the job's list.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/record.h"
#include "jobs/store.h"
#include "jobs/table.h"

/* Bytes of a log in one answer: few enough to parse and send without a noticeable delay */
#define LOG_PAGE ((size_t) 256 * 1024)

static Answer *answer_of(char *job, size_t length, char *log, bool more);

Answer *
job_poll(const TokenGrant *grant, const char *id, int64_t after, int64_t wait_ms, JobWaiter *waiter)
{
	Job *job;
	char *text;
	size_t length;
	char *log;
	size_t bytes = 0;
	bool more = false;
	bool first = waiter != NULL && waiter->deadline == 0;

	pthread_mutex_lock(&job_table.lock);
	job = job_find(id);
	if (job == NULL || !job_is_visible(job, grant))
	{
		pthread_mutex_unlock(&job_table.lock);
		return answer_errorf("unknown_job", "there is no job \"%s\"", id);
	}
	if (first && wait_ms > 0 && !job_table.stopping && !job_has_ended(job) && job->log_lines <= after)
	{
		waiter->deadline = monotonic_ms() + wait_ms;
		waiter->wait(waiter->arg);
		waiter->next = job->waiters;
		job->waiters = waiter;
		pthread_mutex_unlock(&job_table.lock);
		return NULL;
	}

	text = job_text(job, &length);
	if (job->log != NULL)
	{
		json_t *some = json_checked(json_array());

		for (size_t i = after > 0 ? (size_t) after : 0; i < json_array_size(job->log) && !more; i++)
		{
			json_t *line = json_array_get(job->log, i);
			size_t size = json_string_length(json_object_get(line, "text"));

			more = bytes > 0 && bytes + size > LOG_PAGE;
			if (!more)
				json_array_append(some, line);
			bytes += size + 1;
		}
		log = json_dumps(some, JSON_COMPACT);
		json_decref(some);
		pthread_mutex_unlock(&job_table.lock);
	}
	else
	{
		pthread_mutex_unlock(&job_table.lock);
		log = job_store_log_text(id, after, LOG_PAGE, &more);
	}
	return answer_of(text, length, log, more);
}

/* Takes the texts of the job and of the lines of its log. */
static Answer *
answer_of(char *job, size_t length, char *log, bool more)
{
	static const char before[] = "{\"job\":";
	static const char between[] = ",\"log\":";
	const char *end = more ? ",\"more\":true}" : "}";
	size_t log_length;
	char *at;

	if (log == NULL)
		(void) json_checked(NULL);
	log_length = strlen(log);
	job = mem_realloc(job, sizeof(before) + length + sizeof(between) + log_length + strlen(end));
	memmove(job + sizeof(before) - 1, job, length);
	memcpy(job, before, sizeof(before) - 1);
	at = job + sizeof(before) - 1 + length;
	memcpy(at, between, sizeof(between) - 1);
	at += sizeof(between) - 1;
	memcpy(at, log, log_length);
	strcpy(at + log_length, end);
	free(log);
	return answer_text("application/json", job);
}
