/*
 * body.c
 *
 * The bodies of requests: limits their memory in total, and measures JSON
 * before it parses it.  Never parses JSON that is deeper or has more values
 * than its route accepts.
 */
#include "http/body.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Small bodies always fit beside large ones. */
#define SMALL_BODY ((size_t) 64 * 1024)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t memory_max;
static size_t memory_used;
static uint64_t refused;

static bool take(size_t length, size_t size);
static bool is_measured(const char *body, size_t length, size_t max_values, const char **wrong);

void
http_bodies_limit(size_t bytes)
{
	memory_max = bytes;
}

bool
http_body_would_fit(size_t length)
{
	bool fits;

	pthread_mutex_lock(&lock);
	fits = length <= SMALL_BODY || memory_used + length <= memory_max;
	if (!fits)
		refused++;
	pthread_mutex_unlock(&lock);
	return fits;
}

bool
http_body_append(Request *request, const char *data, size_t size)
{
	if (!take(request->body_length, size))
		return false;
	/* the unused rest takes no memory until it is written */
	if (request->body_length + size + 1 > request->body_capacity)
	{
		request->body_capacity = 2 * (request->body_length + size + 1);
		request->body = mem_realloc(request->body, request->body_capacity);
	}
	memcpy(request->body + request->body_length, data, size);
	request->body_length += size;
	request->body[request->body_length] = '\0';
	return true;
}

static bool
take(size_t length, size_t size)
{
	bool fits;

	pthread_mutex_lock(&lock);
	fits = length + size <= SMALL_BODY || memory_used + size <= memory_max;
	if (fits)
		memory_used += size;
	else
		refused++;
	pthread_mutex_unlock(&lock);
	return fits;
}

void
http_body_free(Request *request)
{
	pthread_mutex_lock(&lock);
	memory_used -= request->body_length;
	pthread_mutex_unlock(&lock);
	free(request->body);
	request->body = NULL;
	request->body_length = request->body_capacity = 0;
}

void
http_body_counters(HttpCounters *counters)
{
	pthread_mutex_lock(&lock);
	counters->body_bytes = memory_used;
	counters->bodies_refused = refused;
	pthread_mutex_unlock(&lock);
}

Answer *
http_body_too_large(const Request *request)
{
	return answer_errorf("too_large", "the body is larger than %zu bytes", request->body_max);
}

Answer *
http_body_no_room(void)
{
	return answer_error("unavailable", "there is no room for the body", NULL,
						"Others are sending theirs.  Try again later.");
}

json_t *
http_body_parse(const char *body, size_t length, size_t max_values, Answer **refusal)
{
	const char *wrong;
	json_t *value;
	json_error_t error;
	char *detail;

	if (length == 0)
		return json_checked(json_object());
	if (!is_measured(body, length, max_values, &wrong))
	{
		*refusal = answer_error("too_large", "the body holds too much", wrong, NULL);
		return NULL;
	}
	value = json_loadb(body, length, JSON_REJECT_DUPLICATES, &error);
	if (value == NULL)
	{
		detail = mem_printf("%s, at byte %d.", error.text, error.position);
		*refusal = answer_error("bad_request", "the body is not valid JSON", detail, NULL);
		free(detail);
	}
	else if (!json_is_object(value))
	{
		json_decref(value);
		value = NULL;
		*refusal = answer_error("bad_request", "the body must be a JSON object", NULL, NULL);
	}
	return value;
}

/*
 * Count in one pass without a stack: each value that is not the first of its
 * container follows a comma, and each container starts with a bracket.
 */
static bool
is_measured(const char *body, size_t length, size_t max_values, const char **wrong)
{
	size_t values = 1;
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++)
	{
		char c = body[i];

		if (quoted)
		{
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
			continue;
		}
		if (c == '"')
			quoted = true;
		else if (c == '[' || c == '{')
		{
			values++;
			if (++depth > HTTP_BODY_DEPTH)
			{
				*wrong = "It is nested too deeply.";
				return false;
			}
		}
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		else if (c == ',')
			values++;
		if (values > max_values)
		{
			*wrong = "It has too many values.";
			return false;
		}
	}
	return true;
}
