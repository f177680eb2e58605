/*
 * reply.c
 *
 * Sends the answer to a request: its body from memory, a file or a stream, and
 * the headers of every reply.  Decides nothing: what is answered, and with
 * which status, says the answer.
 */
#include "http/reply.h"

#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/timestamp.h"
#include "http/connection.h"
#include "http/streaming.h"

static struct MHD_Response *response_of(Request *request, Answer *answer);
static struct MHD_Response *response_of_file(Answer *answer);
static void release_body(void *answer);
static void add_headers(struct MHD_Response *response, const Request *request, const Answer *answer);
static void log_reply(const Request *request, int status);

enum MHD_Result
http_reply(Request *request, Answer *answer, void (*answered)(const Request *request, int status))
{
	struct MHD_Response *response;
	enum MHD_Result result;
	int status = answer->status;
	bool of_file = answer->has_file;

	http_connection_stage(request->connection, HTTP_TAKES_ANSWER);
	response = response_of(request, answer);
	if (response == NULL)
	{
		answer_release(answer);
		return MHD_NO;
	}
	add_headers(response, request, answer);
	result = MHD_queue_response(request->connection, (unsigned int) status, response);
	MHD_destroy_response(response);
	if (of_file)
		answer_release(answer);
	answered(request, status);
	log_reply(request, status);
	return result;
}

/* Gives the reference to the answer to libmicrohttpd, unless it is of a file. */
static struct MHD_Response *
response_of(Request *request, Answer *answer)
{
	if (answer->stream != NULL)
		return http_streaming_response(request, answer);
	if (answer->has_file)
		return response_of_file(answer);
	return MHD_create_response_from_buffer_with_free_callback_cls(answer->length, answer->body,
																  release_body, answer);
}

/* libmicrohttpd closes the file, once it has made a response of it. */
static struct MHD_Response *
response_of_file(Answer *answer)
{
	struct MHD_Response *response = MHD_create_response_from_fd64(answer->length, answer->file);

	answer->has_file = response == NULL;
	return response;
}

static void
release_body(void *answer)
{
	answer_release(answer);
}

static void
add_headers(struct MHD_Response *response, const Request *request, const Answer *answer)
{
	char text[32];

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
	if (answer->headers == NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	for (const AnswerHeader *more = answer->headers; more != NULL && more->name != NULL; more++)
		MHD_add_response_header(response, more->name, more->value);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (answer->cached)
	{
		snprintf(text, sizeof(text), "%lld", (long long) (monotonic_ms() - answer->made) / 1000);
		MHD_add_response_header(response, MHD_HTTP_HEADER_AGE, text);
	}
	if (answer->location != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, answer->location);
	if (answer->allow != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
	if (answer->status == 401)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
								"Bearer realm=\"barman-sidecar\"");
	if (answer->status == 429 || answer->status == 503)
	{
		snprintf(text, sizeof(text), "%d", answer->retry_after > 0 ? answer->retry_after : 1);
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, text);
	}
	if (!request->authorized)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static void
log_reply(const Request *request, int status)
{
	char code[16];
	char elapsed[32];

	snprintf(code, sizeof(code), "%d", status);
	snprintf(elapsed, sizeof(elapsed), "%lld", (long long) (monotonic_ms() - request->started));
	log_line(LOGLEVEL_DEBUG, "request", "method", request->method, "path", request->path, "status",
			 code, "ms", elapsed, NULL);
}
