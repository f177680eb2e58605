/*
 * record.c
 *
 * A job as JSON: for callers, and for its file.  Callers never see the
 * idempotency key of the request that started it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "jobs/record.h"
#include "jobs/shorten.h"
#include "jobs/store.h"
#include "jobs/table.h"

/* Limit of each text of an error in a list */
#define BRIEF_TEXT_MAX 1000

/* Taken before the lock of the jobs, so that the newest record is the last one written. */
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER;

static json_t *job_json_brief(const Job *job);
static char *dump(json_t *value);
static json_t *record_json(const Job *job);
static int64_t time_of(const json_t *value, const char *key);
static void time_set(json_t *value, const char *key, int64_t time);

const char *const job_state_names[] = {
	[STATE_QUEUED] = "queued", [STATE_RUNNING] = "running",		[STATE_DONE] = "done",
	[STATE_FAILED] = "failed", [STATE_CANCELLED] = "cancelled", [STATE_LOST] = "lost",
};

/* Nothing of a job changes that has ended, but that a line of its log may come. */
void
job_write_brief(Job *job, const char *separator, FILE *list)
{
	bool ended = job_has_ended(job);
	char *text = ended && job->brief_lines == job->log_lines ? job->brief : NULL;

	if (text == NULL)
	{
		text = dump(job_json_brief(job));
		if (ended)
		{
			free(job->brief);
			job->brief = text;
			job->brief_lines = job->log_lines;
		}
	}
	fprintf(list, "%s%s", separator, text);
	if (!ended)
		free(text);
}

char *
job_text(Job *job, size_t *length)
{
	static const char result[] = ",\"result\":";
	bool has_result = job_has_ended(job) && job->result != NULL;
	Job shown = *job;
	json_t *value;
	char *head;
	char *text;
	size_t size;

	shown.result = NULL;
	value = job_json(&shown);
	json_object_del(value, "result");
	head = dump(value);
	if (has_result && job->result_text == NULL)
	{
		job->result_text = dump(json_incref(job->result));
		job->result_length = strlen(job->result_text);
	}
	/* the result in place of the last brace; what is copied most is copied once */
	size = strlen(head) - 1;
	text = mem_realloc(head, size + sizeof(result) + (has_result ? job->result_length : 4) + 2);
	memcpy(text + size, result, sizeof(result) - 1);
	size += sizeof(result) - 1;
	memcpy(text + size, has_result ? job->result_text : "null", has_result ? job->result_length : 4);
	size += has_result ? job->result_length : 4;
	strcpy(text + size, "}");
	*length = size + 1;
	return text;
}

/* Takes the value. */
static char *
dump(json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));

	json_decref(value);
	if (text == NULL)
		(void) json_checked(NULL);
	return text;
}

/* As job_json(), but so short that a thousand can be sent. */
static json_t *
job_json_brief(const Job *job)
{
	Job shown = *job;
	json_t *value;

	shown.result = NULL;
	shown.error = job->error != NULL ? job_cut_texts(job->error, BRIEF_TEXT_MAX) : NULL;
	value = job_json(&shown);
	json_object_del(value, "result");
	json_decref(shown.error);
	return value;
}

json_t *
job_json(const Job *job)
{
	json_t *value = json_checked(json_object());
	int64_t elapsed = job_has_ended(job) ? job->elapsed_ms : monotonic_ms() - job->clock;
	double progress = job->state == STATE_DONE ? 1 : job->progress;

	json_object_set_new(value, "id", json_text(job->id));
	json_object_set_new(value, "kind", json_text(job->kind));
	json_object_set_new(value, "server", json_text(job->server));
	json_object_set_new(value, "state", json_text(job_state_names[job->state]));
	json_object_set_new(value, "phase", json_text(job_has_ended(job) ? NULL : job->phase));
	json_object_set_new(value, "needs", json_text(job->needs_wal ? "wal" : NULL));
	time_set(value, "created", job->created);
	time_set(value, "started", job->started);
	time_set(value, "ended", job_has_ended(job) ? job->ended : 0);
	json_object_set_new(value, "elapsed_seconds", json_real((double) elapsed / 1000));
	json_object_set_new(value, "log_lines", json_integer(job->log_lines));
	json_object_set_new(value, "progress", progress > 0 ? json_real(progress) : json_null());
	json_object_set_new(value, "system_identifier", json_text(job->system_identifier));
	json_object_set_new(value, "result",
						job_has_ended(job) && job->result != NULL
							? json_checked(json_deep_copy(job->result))
							: json_null());
	json_object_set_new(value, "error",
						job_has_ended(job) && job->error != NULL
							? json_checked(json_deep_copy(job->error))
							: json_null());
	return value;
}

bool
job_write_record(Job *job)
{
	json_t *value;
	bool good;

	pthread_mutex_lock(&record_lock);
	pthread_mutex_lock(&job_table.lock);
	value = record_json(job);
	pthread_mutex_unlock(&job_table.lock);
	good = job_store_write(json_string_value(json_object_get(value, "id")), value);
	pthread_mutex_unlock(&record_lock);
	json_decref(value);
	return good;
}

/* The content of the job's file: the job, and its running process. */
static json_t *
record_json(const Job *job)
{
	Job shown = *job;
	json_t *value;
	json_t *process;

	if (job->decided)
		shown.state = job->decision;
	value = job_json(&shown);
	json_object_set_new(value, "key", json_text(job->key));
	json_object_set_new(value, "request", json_text(job->request));
	json_object_set_new(value, "copied", json_boolean(job->copied));
	if (job->process != 0 && !job_has_ended(&shown))
	{
		process = json_checked(json_object());
		json_object_set_new(process, "group", json_integer(job->process));
		json_object_set_new(process, "start_time", json_integer((json_int_t) job->process_start));
		json_object_set_new(process, "session", json_integer(getsid(0)));
		json_object_set_new(process, "boot", json_text(process_boot_id()));
		json_object_set_new(value, "process", process);
	}
	return value;
}

Job *
job_of_record(const json_t *value)
{
	const char *id = json_string_value(json_object_get(value, "id"));
	const char *kind = json_string_value(json_object_get(value, "kind"));
	const char *state = json_string_value(json_object_get(value, "state"));
	Job *job;
	int number;

	if (id == NULL || kind == NULL || state == NULL || strlen(id) >= ID_SIZE)
		return NULL;
	for (number = STATE_QUEUED; number <= STATE_LOST; number++)
	{
		if (strcmp(state, job_state_names[number]) == 0)
			break;
	}
	if (number > STATE_LOST)
		return NULL;

	job = mem_alloc(sizeof(Job));
	strcpy(job->id, id);
	job->kind = mem_strdup(kind);
	job->server = mem_strdup(json_string_value(json_object_get(value, "server")));
	job->state = (JobState) number;
	job->request = mem_strdup(json_string_value(json_object_get(value, "request")));
	if (job->request != NULL)
		job->key = mem_strdup(json_string_value(json_object_get(value, "key")));
	job->created = time_of(value, "created");
	job->started = time_of(value, "started");
	job->ended = time_of(value, "ended");
	job->elapsed_ms = (int64_t) (json_number_value(json_object_get(value, "elapsed_seconds")) * 1000);
	/* a record without the field may have copied */
	job->copied = !json_is_false(json_object_get(value, "copied"));
	job->log_lines = (int) json_integer_value(json_object_get(value, "log_lines"));
	if (json_is_object(json_object_get(value, "result")))
		job->result = json_incref(json_object_get(value, "result"));
	if (json_is_object(json_object_get(value, "error")))
		job->error = json_incref(json_object_get(value, "error"));
	return job;
}

static int64_t
time_of(const json_t *value, const char *key)
{
	const char *text = json_string_value(json_object_get(value, key));
	int64_t time = 0;

	if (text == NULL || !timestamp_parse(text, &time))
		return 0;
	return time;
}

static void
time_set(json_t *value, const char *key, int64_t time)
{
	char text[TIMESTAMP_LENGTH];

	if (time != 0)
		timestamp_format(time, text);
	json_object_set_new(value, key, json_text(time != 0 ? text : NULL));
}

Answer *
job_accepted(int status, const Job *job)
{
	json_t *value = json_checked(json_object());
	Answer *answer;

	json_object_set_new(value, "job", job_json(job));
	answer = answer_json(status, value);
	answer->location = mem_printf("/v1/jobs/%s", job->id);
	return answer;
}
