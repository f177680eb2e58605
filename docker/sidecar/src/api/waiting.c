/*
 * waiting.c
 *
 * Suspends a request until Barman has answered, or a job has news.  Then its
 * route runs again from the start, and finds here the answers it waited for.
 */
#include "api/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/connection.h"
#include "http/peer.h"
#include "http/worker_thread.h"

/* The most answers that a route waits for, one after the other */
#define READS_MAX 16

/* The state of a request between the runs of its route */
typedef struct Waiting
{
	Request *request;

	/* Reads that have ended, for the next run */
	ReadWaiter read;
	struct
	{
		ReadKind kind;
		char *server;
		char *argument;
		Answer *answer;
	} reads[READS_MAX];
	int read_count;

	JobWaiter job;
} Waiting;

static Waiting *waiting_of(Request *request);
static void forget(void *kept);
static void request_waits(void *arg);
static void read_ended(void *arg, Answer *answer);
static void poll_ended(void *arg);

Answer *
route_read(Request *request, ReadKind kind, const char *server, const char *argument)
{
	Waiting *waiting = waiting_of(request);
	ReadTarget target = {kind, server, argument};
	Answer *answer;

	for (int i = 0; i < waiting->read_count; i++)
	{
		if (waiting->reads[i].kind == kind && strcmp(waiting->reads[i].server, server) == 0 &&
			strcmp(waiting->reads[i].argument, argument) == 0)
			return answer_keep(waiting->reads[i].answer);
	}
	if (waiting->read_count == READS_MAX)
		return answer_error(BARMAN_INTERNAL, "too many reads in one request", NULL, NULL);

	/* read_ended() puts the answer here. */
	waiting->reads[waiting->read_count].kind = kind;
	waiting->reads[waiting->read_count].server = mem_strdup(server);
	waiting->reads[waiting->read_count].argument = mem_strdup(argument);
	answer = reads_get(&target,
					   request->max_age_ms == HTTP_AGE_DEFAULT ? READ_AGE_DEFAULT
															   : request->max_age_ms,
					   &waiting->read);
	if (answer != NULL)
	{
		waiting->reads[waiting->read_count].answer = answer_keep(answer);
		waiting->read_count++;
	}
	return answer;
}

Answer *
route_poll(Request *request, const char *id, int64_t after, int64_t wait_ms)
{
	return job_poll(request->grant, id, after, wait_ms,
					wait_ms > 0 ? &waiting_of(request)->job : NULL);
}

bool
route_has_polled(const Request *request)
{
	const Waiting *waiting = request->kept;

	return waiting != NULL && waiting->job.deadline != 0;
}

JobCaller
route_caller(const Request *request)
{
	JobCaller caller = {
		.grant = request->grant,
		.key = request->key,
		.method = request->method,
		.path = request->path,
		.local = http_connection_is_local(request->connection),
	};

	http_peer(request, caller.from, sizeof(caller.from));
	return caller;
}

static Waiting *
waiting_of(Request *request)
{
	Waiting *waiting = request->kept;

	if (waiting == NULL)
	{
		waiting = mem_alloc(sizeof(Waiting));
		waiting->request = request;
		waiting->read = (ReadWaiter){NULL, request_waits, read_ended, waiting};
		waiting->job = (JobWaiter){.wait = request_waits, .wake = poll_ended, .arg = waiting};
		request->kept = waiting;
		request->forget = forget;
	}
	return waiting;
}

static void
forget(void *kept)
{
	Waiting *waiting = kept;

	for (int i = 0; i < READS_MAX; i++)
	{
		free(waiting->reads[i].server);
		free(waiting->reads[i].argument);
		answer_release(waiting->reads[i].answer);
	}
	free(waiting);
}

static void
request_waits(void *arg)
{
	http_suspend(((const Waiting *) arg)->request);
}

static void
read_ended(void *arg, Answer *answer)
{
	Waiting *waiting = arg;

	waiting->reads[waiting->read_count++].answer = answer;
	http_resume(waiting->request);
}

static void
poll_ended(void *arg)
{
	http_resume(((const Waiting *) arg)->request);
}
