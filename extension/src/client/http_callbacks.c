/*-------------------------------------------------------------------------
 *
 * http_callbacks.c
 *	  libcurl's callbacks: they store what it receives and record what it waits for.
 *
 * libcurl must never see a longjmp: its callbacks only record what happened, use
 * malloc(), and call nothing in PostgreSQL that could throw.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "portability/instr_time.h"
#include "storage/latch.h"

#include "base/curl_prelude.h"
#include "base/compat.h"
#include "client/http_exchange.h"

static size_t receive_body(char *data, size_t size, size_t count, void *arg);
static size_t receive_header(char *data, size_t size, size_t count, void *arg);
static size_t discard(char *data, size_t size, size_t count, void *arg);
static int watch_socket(CURL *handle, curl_socket_t fd, int what, void *arg, void *socket_arg);
static int set_timer(CURLM *handle, long timeout, void *arg);

/*
 * Makes libcurl store the answer of a request, and its error message, in *exchange.
 */
void
poc_http_receive(CURL *handle, PocHttpExchange *exchange)
{
	curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange->error);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive_body);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, receive_header);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
}

/* Makes libcurl discard all of an answer except its status. */
void
poc_http_discard(CURL *handle)
{
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, discard);
}

/* Makes libcurl record in *exchange its sockets and its timer. */
void
poc_http_watch(CURLM *multi, PocHttpExchange *exchange)
{
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, exchange);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, exchange);
}

static size_t
receive_body(char *data, size_t size, size_t count, void *arg)
{
	PocHttpExchange *exchange = arg;
	size_t length = size * count;
	size_t needed;

	if (length > exchange->max_length - exchange->length)
	{
		exchange->too_large = true;
		return 0;
	}
	needed = exchange->length + length;
	if (needed > exchange->allocated)
	{
		size_t allocated = Max(exchange->allocated * 2, 16 * 1024);
		char *body;

		while (allocated < needed)
			allocated *= 2;
		body = realloc(exchange->body, allocated);
		if (body == NULL)
		{
			exchange->out_of_memory = true;
			return 0;
		}
		exchange->body = body;
		exchange->allocated = allocated;
	}
	memcpy(exchange->body + exchange->length, data, length);
	exchange->length = needed;
	return length;
}

static size_t
receive_header(char *data, size_t size, size_t count, void *arg)
{
	static const char name[] = "content-encoding:";
	PocHttpExchange *exchange = arg;
	size_t length = size * count;

	exchange->header_length += length;
	if (exchange->header_length > POC_HTTP_MAX_HEADER_SIZE)
	{
		exchange->headers_too_large = true;
		return 0;
	}

	if (length > sizeof(name) - 1 && pg_strncasecmp(data, name, sizeof(name) - 1) == 0)
	{
		const char *value = data + sizeof(name) - 1;
		size_t value_length = length - (sizeof(name) - 1);

		while (value_length > 0 && strchr(" \t", *value) != NULL)
		{
			value++;
			value_length--;
		}
		while (value_length > 0 && strchr(" \t\r\n", value[value_length - 1]) != NULL)
			value_length--;
		free(exchange->content_encoding);
		exchange->content_encoding = strndup(value, Min(value_length, 64));
	}
	return length;
}

static int
watch_socket(CURL *handle, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	PocHttpExchange *exchange = arg;
	int i;

	for (i = 0; i < exchange->nsockets; i++)
	{
		if (exchange->sockets[i].fd == fd)
			break;
	}

	if (what == CURL_POLL_REMOVE)
	{
		if (i < exchange->nsockets)
			exchange->sockets[i] = exchange->sockets[--exchange->nsockets];
		return 0;
	}

	if (i == POC_HTTP_MAX_SOCKETS)
	{
		exchange->too_many_sockets = true;
		return 0;
	}
	if (i == exchange->nsockets)
		exchange->nsockets++;
	exchange->sockets[i].fd = fd;
	exchange->sockets[i].events = ((what & CURL_POLL_IN) ? WL_SOCKET_READABLE : 0) |
								  ((what & CURL_POLL_OUT) ? WL_SOCKET_WRITEABLE : 0);
	return 0;
}

static int
set_timer(CURLM *handle, long timeout, void *arg)
{
	PocHttpExchange *exchange = arg;

	exchange->timer_set = timeout >= 0;
	exchange->timer = timeout;
	INSTR_TIME_SET_CURRENT(exchange->timer_start);
	return 0;
}

static size_t
discard(char *data, size_t size, size_t count, void *arg)
{
	return size * count;
}
