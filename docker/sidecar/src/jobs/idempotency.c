/*
 * idempotency.c
 *
 * Idempotency keys: which are valid, which job a request that is sent again has
 * started, and which keys must not start one.
 */
#include "jobs/idempotency.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/record.h"
#include "jobs/table.h"

#define KEY_MIN 16
#define KEY_MAX 64

/* No request takes longer to arrive. */
#define BAR_KEY_MS (10 * 60 * 1000)

/* More cancelled keys in that time are an attempt to fill the memory. */
#define BARRED_MAX 1000

/* A key that was cancelled before its request arrived */
typedef struct BarredKey
{
	struct BarredKey *next; /* newest first */
	int64_t since;			/* monotonic_ms() */
	char key[KEY_MAX + 1];
} BarredKey;

static BarredKey *barred_keys;

static void forget(int64_t until);
static void forget_from(BarredKey **link);

Answer *
job_of_request(const JobCaller *caller)
{
	Job *job;
	Answer *answer = NULL;
	char *text;

	if (caller->key == NULL)
		return NULL;
	text = job_request_text(caller);
	pthread_mutex_lock(&job_table.lock);
	job = job_find_key(caller->key);
	if (job != NULL && !job_is_visible(job, caller->grant))
		answer = answer_error("conflict", "the idempotency key belongs to another request", NULL,
							  "Use each key for one request.");
	else if (job != NULL && strcmp(job->request, text) != 0)
	{
		char *detail = mem_printf("It was sent with: %s.", job->request);

		answer = answer_error("conflict", "the idempotency key belongs to another request", detail,
							  "Use each key for one request.");
		free(detail);
	}
	else if (job != NULL)
		answer = job_accepted(202, job);
	else if (job_keys_barred(caller->key))
		answer = answer_error("conflict", "the request was cancelled before it came", NULL,
							  "Send it again with another Idempotency-Key.");
	pthread_mutex_unlock(&job_table.lock);
	free(text);
	return answer;
}

bool
job_key_is_valid(const char *key)
{
	size_t length = strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return key[length] == '\0' && length >= KEY_MIN && length <= KEY_MAX;
}

void
job_keys_bar(const char *key)
{
	BarredKey *barred = mem_alloc(sizeof(BarredKey));

	forget(monotonic_ms() - BAR_KEY_MS);
	strcpy(barred->key, key);
	barred->since = monotonic_ms();
	barred->next = barred_keys;
	barred_keys = barred;
	for (int i = 1; barred != NULL && i < BARRED_MAX; i++)
		barred = barred->next;
	if (barred != NULL)
		forget_from(&barred->next);
}

void
job_keys_forget(void)
{
	forget(INT64_MAX);
}

static void
forget(int64_t until)
{
	BarredKey **link = &barred_keys;

	while (*link != NULL && (*link)->since > until)
		link = &(*link)->next;
	forget_from(link);
}

static void
forget_from(BarredKey **link)
{
	while (*link != NULL)
	{
		BarredKey *old = *link;

		*link = old->next;
		free(old);
	}
}

bool
job_keys_barred(const char *key)
{
	for (const BarredKey *barred = barred_keys; barred != NULL; barred = barred->next)
	{
		if (strcmp(barred->key, key) == 0)
			return true;
	}
	return false;
}

char *
job_request_text(const JobCaller *caller)
{
	return caller->key != NULL ? mem_printf("%s %s", caller->method, caller->path) : NULL;
}
