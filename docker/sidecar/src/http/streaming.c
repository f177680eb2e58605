/*
 * streaming.c
 *
 * Sends a stream of bytes.  While there are none the request sleeps, so that
 * libmicrohttpd's thread goes on with others.
 */
#include "http/streaming.h"

#include <stdlib.h>

#include "base/memory.h"
#include "http/connection.h"
#include "http/sleep.h"

/* Bytes that libmicrohttpd asks for at a time */
#define PIECE ((size_t) 64 * 1024)

typedef struct Streaming
{
	Request *request;
	Answer *answer;
} Streaming;

static ssize_t next_piece(void *arg, uint64_t position, char *buffer, size_t size);
static void sleep_request(void *request);
static void wake_request(void *request);
static void end_streaming(void *arg);

struct MHD_Response *
http_streaming_response(Request *request, Answer *answer)
{
	Streaming *streaming = mem_alloc(sizeof(Streaming));
	struct MHD_Response *response;

	streaming->request = request;
	streaming->answer = answer;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, next_piece, streaming,
												 end_streaming);
	if (response == NULL)
		free(streaming);
	return response;
}

/* The limit on the time to take a stream is one for each piece, and there is none while we have none. */
static ssize_t
next_piece(void *arg, uint64_t position, char *buffer, size_t size)
{
	Streaming *streaming = arg;
	struct MHD_Connection *connection = streaming->request->connection;
	long got;

	(void) position;
	http_connection_stage(connection, HTTP_IS_SERVED);
	got = byte_stream_read(streaming->answer->stream, buffer, size, sleep_request, wake_request,
						   streaming->request);
	if (got != BYTE_STREAM_SLEEPS)
		http_connection_stage(connection, HTTP_TAKES_STREAM);
	switch (got)
	{
		case BYTE_STREAM_ENDED:
			return MHD_CONTENT_READER_END_OF_STREAM;
		case BYTE_STREAM_BROKEN:
			return MHD_CONTENT_READER_END_WITH_ERROR;
		case BYTE_STREAM_SLEEPS:
			return 0;
		default:
			return (ssize_t) got;
	}
}

static void
sleep_request(void *request)
{
	http_sleep(request);
}

static void
wake_request(void *request)
{
	http_wake(request);
}

static void
end_streaming(void *arg)
{
	Streaming *streaming = arg;

	answer_release(streaming->answer);
	free(streaming);
}
