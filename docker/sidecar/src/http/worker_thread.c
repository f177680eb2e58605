/*
 * worker_thread.c
 *
 * The thread that parses bodies and runs the requests that change something,
 * one after the other.  libmicrohttpd's own thread, which all requests wait
 * for, does neither.
 */
#include "http/worker_thread.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "http/body.h"
#include "http/sleep.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static Request *head;
static Request **tail = &head;
static bool stopping;
static pthread_t thread;
static RouteHandler answer_request;

static void *work_main(void *arg);
static void serve(Request *request);
static Answer *answer_of(Request *request);

bool
http_work_start(RouteHandler answer)
{
	answer_request = answer;
	return pthread_create(&thread, NULL, work_main, NULL) == 0;
}

void
http_work_stop(void)
{
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_signal(&work);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
}

void
http_work_add(Request *request)
{
	pthread_mutex_lock(&lock);
	request->work_next = NULL;
	*tail = request;
	tail = &request->work_next;
	pthread_cond_signal(&work);
	pthread_mutex_unlock(&lock);
}

static void *
work_main(void *arg)
{
	Request *request;

	(void) arg;
	pthread_mutex_lock(&lock);
	while (!stopping)
	{
		request = head;
		if (request == NULL)
		{
			pthread_cond_wait(&work, &lock);
			continue;
		}
		head = request->work_next;
		if (head == NULL)
			tail = &head;
		pthread_mutex_unlock(&lock);
		serve(request);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void
serve(Request *request)
{
	Answer *answer = answer_of(request);

	if (answer == NULL)
		return; /* the request sleeps, and may already be resumed */
	/* freeing a large value takes time too */
	json_decref(request->value);
	request->value = NULL;
	request->answer = answer;
	http_wake(request);
}

static Answer *
answer_of(Request *request)
{
	Answer *refusal = NULL;

	if (request->value == NULL)
	{
		request->value = http_body_parse(request->body, request->body_length, request->values_max,
										 &refusal);
		http_body_free(request);
		if (request->value == NULL)
			return refusal;
	}
	return answer_request(request);
}

/* libmicrohttpd has suspended a request that is served apart until its end. */
void
http_suspend(Request *request)
{
	if (!request->apart)
		http_sleep(request);
}

void
http_resume(Request *request)
{
	if (request->apart)
		http_work_add(request);
	else
		http_wake(request);
}
