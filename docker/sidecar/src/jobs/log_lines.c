/*
 * log_lines.c
 *
 * Log lines of a running job: written to its file, and sent to its watchers.
 * Their number and length stay within what a watcher accepts.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/log_lines.h"
#include "jobs/store.h"
#include "jobs/table.h"
#include "jobs/waiters.h"

#define MAX_LOG_LINES 2000
#define MAX_LOG_TEXT  4000

/* More segments archived at once are summarized in one line. */
#define MAX_SEGMENT_LINES 3

static size_t count_segments(const json_t *messages, size_t first);

void
job_log(Job *job, JobLogLevel level, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = mem_vprintf(format, args);
	va_end(args);
	pthread_mutex_lock(&job_table.lock);
	job_add_line(job, level, text);
	pthread_mutex_unlock(&job_table.lock);
	free(text);
}

void
job_log_messages(Job *job, json_t *messages)
{
	size_t i;
	json_t *message;

	/* under one lock, so that a watcher gets all in one answer */
	pthread_mutex_lock(&job_table.lock);
	json_array_foreach (messages, i, message)
	{
		const char *level = json_string_value(json_object_get(message, "level"));
		const char *text = json_string_value(json_object_get(message, "text"));
		size_t segments = count_segments(messages, i);

		if (segments > MAX_SEGMENT_LINES)
		{
			char *summary = mem_printf("\t%zu segments, %s to %s", segments, text + 1,
									   json_string_value(
										   json_object_get(json_array_get(messages, i + segments - 1),
														   "text")) +
										   1);

			job_add_line(job, JOB_INFO, summary);
			free(summary);
			i += segments - 1;
		}
		else if (level != NULL && text != NULL)
			job_add_line(job,
						 strcmp(level, "error") == 0	 ? JOB_ERROR
						 : strcmp(level, "warning") == 0 ? JOB_WARNING
														 : JOB_INFO,
						 text);
	}
	pthread_mutex_unlock(&job_table.lock);
	json_decref(messages);
}

/*
 * Barman prints one line for each segment that it archives.  Counts such lines
 * from "first" on.
 */
static size_t
count_segments(const json_t *messages, size_t first)
{
	size_t n = first;

	for (; n < json_array_size(messages); n++)
	{
		const char *text = json_string_value(json_object_get(json_array_get(messages, n), "text"));

		if (text == NULL || text[0] != '\t' || strlen(text) != 25 ||
			strspn(text + 1, "0123456789ABCDEF") != 24)
			break;
	}
	return n - first;
}

void
job_add_line(Job *job, JobLogLevel level, const char *text)
{
	static const char *const levels[] = {
		[JOB_DEBUG] = "debug",
		[JOB_INFO] = "info",
		[JOB_WARNING] = "warning",
		[JOB_ERROR] = "error",
	};
	json_t *line;
	char now[TIMESTAMP_LENGTH];
	char *cut = NULL;
	char *plain;

	if (job->log_lines > MAX_LOG_LINES)
		return;
	/* redact whatever the source: a program's output too */
	plain = barman_redact_text(text, strlen(text));
	if (plain == NULL)
		return;
	text = plain;
	if (job->log_lines == MAX_LOG_LINES)
	{
		text = "further lines are dropped";
		level = JOB_WARNING;
	}
	if (strlen(text) > MAX_LOG_TEXT)
	{
		size_t length = MAX_LOG_TEXT;

		/* do not cut within a character */
		while (length > 0 && ((unsigned char) text[length] & 0xc0) == 0x80)
			length--;
		cut = mem_printf("%.*s...", (int) length, text);
		text = cut;
	}
	timestamp_format(timestamp_now(), now);
	line = json_checked(json_object());
	json_object_set_new(line, "n", json_integer(++job->log_lines));
	json_object_set_new(line, "at", json_text(now));
	json_object_set_new(line, "level", json_text(levels[level]));
	json_object_set_new(line, "text", json_text(text));
	job_store_append_log(job->id, line);
	log_line(level == JOB_INFO ? LOGLEVEL_DEBUG : LOGLEVEL_WARNING, text, "job", job->id, "kind",
			 job->kind, "server", job->server, NULL);
	if (job->log != NULL)
		json_array_append(job->log, line);
	json_decref(line);
	free(cut);
	free(plain);
	if (!job->decided)
		job_touch(job); /* otherwise job_settle() does so soon */
}
