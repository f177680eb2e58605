/*
 * handover.c
 *
 * The rescues whose restored servers are ready, and the request for the rows of
 * a table that each of them waits for.
 */
#include "rescue/handover.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"

/* Rows on their way: enough that neither end waits for the other at each piece */
#define STREAM_BYTES ((size_t) 1024 * 1024)

#define LOOK_MS 20

struct Handover
{
	Handover *next;
	Job *job;
	json_t *definitions;
	ByteStream *stream; /* until the job takes it */
	size_t asked;		/* tables whose rows have been asked for */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Handover *all;

static Handover *find(const TokenGrant *grant, const char *job_id);
static Answer *none(const char *job_id);

Handover *
handover_open(Job *job, json_t *definitions)
{
	Handover *handover = mem_alloc(sizeof(Handover));

	handover->job = job;
	handover->definitions = definitions;
	pthread_mutex_lock(&lock);
	handover->next = all;
	all = handover;
	pthread_mutex_unlock(&lock);
	return handover;
}

ByteStream *
handover_await(Handover *handover, int64_t wait_ms)
{
	int64_t until = monotonic_ms() + wait_ms;
	ByteStream *stream = NULL;

	while (stream == NULL && monotonic_ms() < until && job_sleep(handover->job, LOOK_MS))
	{
		pthread_mutex_lock(&lock);
		stream = handover->stream;
		handover->stream = NULL;
		pthread_mutex_unlock(&lock);
	}
	return stream;
}

void
handover_close(Handover *handover)
{
	pthread_mutex_lock(&lock);
	for (Handover **link = &all; *link != NULL; link = &(*link)->next)
	{
		if (*link == handover)
		{
			*link = handover->next;
			break;
		}
	}
	pthread_mutex_unlock(&lock);
	/* of a client that asked when it was too late: to it the stream breaks */
	if (handover->stream != NULL)
		byte_stream_writer_release(handover->stream);
	json_decref(handover->definitions);
	free(handover);
}

Answer *
handover_definitions(const TokenGrant *grant, const char *job_id)
{
	Handover *handover;
	json_t *value = NULL;

	pthread_mutex_lock(&lock);
	handover = find(grant, job_id);
	if (handover != NULL)
	{
		value = json_checked(json_object());
		json_object_set_new(value, "definitions",
							json_checked(json_deep_copy(handover->definitions)));
	}
	pthread_mutex_unlock(&lock);
	return value != NULL ? answer_json(200, value) : none(job_id);
}

Answer *
handover_rows(const TokenGrant *grant, const char *job_id, size_t table)
{
	ByteStream *stream = NULL;
	Handover *handover;
	size_t next = 0;

	pthread_mutex_lock(&lock);
	handover = find(grant, job_id);
	if (handover != NULL)
	{
		next = handover->asked;
		if (table == next && table < json_array_size(handover->definitions) &&
			handover->stream == NULL)
		{
			handover->stream = stream = byte_stream_new(STREAM_BYTES);
			handover->asked++;
		}
	}
	pthread_mutex_unlock(&lock);
	if (stream != NULL)
		return answer_stream("application/octet-stream", stream);
	if (handover == NULL)
		return none(job_id);
	if (table < next)
		return answer_errorf("conflict",
							 "the rows of table %zu of job \"%s\" have been asked for before",
							 table, job_id);
	return answer_errorf("conflict", "the rows of table %zu of job \"%s\" are not due", table,
						 job_id);
}

/* The lock is held. */
static Handover *
find(const TokenGrant *grant, const char *job_id)
{
	for (Handover *one = all; one != NULL; one = one->next)
	{
		if (strcmp(job_id_of(one->job), job_id) == 0 && token_reaches(grant, job_server(one->job)))
			return one;
	}
	return NULL;
}

static Answer *
none(const char *job_id)
{
	Answer *answer;
	char *message = mem_printf("there is no rescue \"%.64s\" that is ready", job_id);

	answer = answer_error("unknown_job", message,
						  "It has not restored the server yet, or has ended.", NULL);
	free(message);
	return answer;
}
