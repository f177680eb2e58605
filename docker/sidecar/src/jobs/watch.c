/*
 * watch.c
 *
 * Answers with a job and the lines of its log that the watcher has not seen.
 * Never blocks: a watcher that waits goes on the job's list.
 */
#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/record.h"
#include "jobs/store.h"
#include "jobs/table.h"

/* Bytes of a log in one answer: few enough to parse and send without a noticeable delay */
#define LOG_PAGE ((size_t) 256 * 1024)

Answer *
job_poll(const TokenGrant *grant, const char *id, int64_t after, int64_t wait_ms, JobWaiter *waiter)
{
	Job *job;
	json_t *value;
	json_t *lines;
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

	value = json_checked(json_object());
	json_object_set_new(value, "job", job_json(job));
	if (job->log != NULL)
	{
		lines = json_checked(json_array());
		for (size_t i = after > 0 ? (size_t) after : 0; i < json_array_size(job->log) && !more; i++)
		{
			json_t *line = json_array_get(job->log, i);
			size_t length = json_string_length(json_object_get(line, "text"));

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
