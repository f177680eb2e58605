/*-------------------------------------------------------------------------
 *
 * http_stream.c
 *	  An answer of the sidecar that is read while it arrives, of any length.
 *
 * It has handles of its own, because what is done with the bytes may itself call
 * functions that ask the sidecar.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/pmsignal.h"

#include "base/curl_prelude.h"
#include "base/compat.h"
#include "client/http_exchange.h"
#include "client/http_stream.h"
#include "client/json.h"
#include "client/sidecar.h"

/* Bytes that wait to be read; beyond them libcurl reads no more from the network. */
#define BUFFER_BYTES (1024 * 1024)

/* The longest wait between two looks for interrupts, in milliseconds */
#define LOOK 100

/* The sidecar may be silent for so long, in seconds: it reads a table from a cold disk. */
#define SILENCE 600

/* one connection, and the socket pair by which libcurl wakes itself */
#define DESCRIPTORS 3

struct PocHttpStream
{
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	PocHttpExchange exchange; /* for the explanation of a failure alone */
	char *buffer;			  /* malloc'd */
	size_t start;
	size_t length;
	uint64 bytes;
	long status; /* once something has arrived */
	bool is_paused;
	bool has_ended;
	int descriptors;
	const char *path;
	PocHttpStreamBroken broken;
	void *broken_arg;
};

static bool open_handles(PocHttpStream *stream, const PocHttpRequest *request);
static size_t receive(char *data, size_t size, size_t count, void *arg);
static void drive(PocHttpStream *stream);
static void wait_for_more(PocHttpStream *stream);
static void end(PocHttpStream *stream, CURLcode code);
pg_noreturn static void throw_refusal(PocHttpStream *stream);

/*
 * Sends the request.  The caller must close the stream, also after an error.
 */
PocHttpStream *
poc_http_stream_open(const PocHttpRequest *request, PocHttpStreamBroken broken, void *arg)
{
	PocHttpStream *stream = palloc0(sizeof(PocHttpStream));

	stream->path = pstrdup(request->path);
	stream->broken = broken;
	stream->broken_arg = arg;
	PG_TRY();
	{
		for (; stream->descriptors < DESCRIPTORS; stream->descriptors++)
		{
			if (!AcquireExternalFD())
				ereport(ERROR,
						(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
						 errmsg("could not reserve file descriptors for a connection to the Barman sidecar"),
						 errhint(
							 "Raise the limit of open files of the server, or max_files_per_process.")));
		}
		if (!open_handles(stream, request))
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY),
							errmsg("the request to the Barman sidecar could not be prepared"),
							errdetail("%s", stream->exchange.error[0] != '\0' ? stream->exchange.error
																			  : "Out of memory.")));
	}
	PG_CATCH();
	{
		poc_http_stream_close(stream);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return stream;
}

static bool
open_handles(PocHttpStream *stream, const PocHttpRequest *request)
{
	CURLMcode code = CURLM_OUT_OF_MEMORY;

	stream->buffer = malloc(BUFFER_BYTES);
	WITH_SIGNALS_BLOCKED(stream->multi = curl_multi_init());
	WITH_SIGNALS_BLOCKED(stream->easy = curl_easy_init());
	if (stream->buffer == NULL || stream->multi == NULL || stream->easy == NULL ||
		!poc_http_set_options(stream->easy, request, &stream->headers, stream->exchange.error))
		return false;
	/* of any length, and for as long as bytes come */
	curl_easy_setopt(stream->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) 0);
	curl_easy_setopt(stream->easy, CURLOPT_TIMEOUT_MS, 0L);
	curl_easy_setopt(stream->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(stream->easy, CURLOPT_LOW_SPEED_TIME, (long) SILENCE);
	curl_easy_setopt(stream->easy, CURLOPT_ERRORBUFFER, stream->exchange.error);
	curl_easy_setopt(stream->easy, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(stream->easy, CURLOPT_WRITEDATA, stream);
	WITH_SIGNALS_BLOCKED(code = curl_multi_add_handle(stream->multi, stream->easy));
	return code == CURLM_OK;
}

/*
 * Reads at least so many bytes, fewer only at the end.  An answer that ends before it is
 * complete is an error.
 */
int
poc_http_stream_read(PocHttpStream *stream, void *bytes, int least, int most)
{
	char *to = bytes;
	int done = 0;

	while (done < least || (done < most && stream->length > 0 && stream->status == 200))
	{
		/* the text of a refusal is no content */
		int piece = stream->status == 200 ? Min(stream->length, most - done) : 0;

		CHECK_FOR_INTERRUPTS();
		if (piece == 0)
		{
			if (stream->has_ended)
				break;
			drive(stream);
			if (stream->is_paused && stream->status != 200)
				throw_refusal(stream);
			if (!stream->has_ended && (stream->length == 0 || stream->status != 200))
				wait_for_more(stream);
			continue;
		}
		memcpy(to + done, stream->buffer + stream->start, piece);
		stream->start += piece;
		stream->length -= piece;
		done += piece;
	}
	stream->bytes += done;
	return done;
}

uint64
poc_http_stream_bytes(const PocHttpStream *stream)
{
	return stream->bytes;
}

void
poc_http_stream_close(PocHttpStream *stream)
{
	if (stream->multi != NULL && stream->easy != NULL)
		WITH_SIGNALS_BLOCKED(curl_multi_remove_handle(stream->multi, stream->easy));
	if (stream->easy != NULL)
		WITH_SIGNALS_BLOCKED(curl_easy_cleanup(stream->easy));
	if (stream->multi != NULL)
		WITH_SIGNALS_BLOCKED(curl_multi_cleanup(stream->multi));
	curl_slist_free_all(stream->headers);
	free(stream->buffer);
	for (; stream->descriptors > 0; stream->descriptors--)
		ReleaseExternalFD();
	stream->multi = NULL;
	stream->easy = NULL;
	stream->headers = NULL;
	stream->buffer = NULL;
}

/* libcurl's: calls nothing of PostgreSQL's that could throw */
static size_t
receive(char *data, size_t size, size_t count, void *arg)
{
	PocHttpStream *stream = arg;
	size_t length = size * count;

	curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &stream->status);
	if (length > BUFFER_BYTES - stream->length)
	{
		stream->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (length > BUFFER_BYTES - stream->start - stream->length)
	{
		memmove(stream->buffer, stream->buffer + stream->start, stream->length);
		stream->start = 0;
	}
	memcpy(stream->buffer + stream->start + stream->length, data, length);
	stream->length += length;
	return length;
}

/* Lets libcurl read what has arrived. */
static void
drive(PocHttpStream *stream)
{
	CURLMcode mcode = CURLM_OK;
	CURLMsg *message;
	int running;
	int left;

	if (stream->is_paused)
	{
		stream->is_paused = false;
		WITH_SIGNALS_BLOCKED((void) curl_easy_pause(stream->easy, CURLPAUSE_CONT));
	}
	WITH_SIGNALS_BLOCKED(mcode = curl_multi_perform(stream->multi, &running));
	if (mcode != CURLM_OK)
		elog(ERROR, "libcurl failed: %s", curl_multi_strerror(mcode));
	while ((message = curl_multi_info_read(stream->multi, &left)) != NULL)
	{
		if (message->msg == CURLMSG_DONE)
			end(stream, message->data.result);
	}
}

static void
wait_for_more(PocHttpStream *stream)
{
	(void) curl_multi_poll(stream->multi, NULL, 0, LOOK, NULL);
	if (!PostmasterIsAlive())
		proc_exit(1);
	CHECK_FOR_INTERRUPTS();
}

static void
end(PocHttpStream *stream, CURLcode code)
{
	PocHttpFailure failure = {0};

	curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &stream->status);
	if (code != CURLE_OK)
	{
		poc_http_explain_failure(stream->easy, code, &stream->exchange, &failure);
		stream->broken(stream->broken_arg);
		poc_sidecar_throw(&failure);
	}
	if (stream->status != 200)
	{
		stream->broken(stream->broken_arg);
		throw_refusal(stream);
	}
	stream->has_ended = true;
}

/* What has arrived is no content, but an error of the sidecar's */
static void
throw_refusal(PocHttpStream *stream)
{
	PocHttpResponse response = {.status = (int) stream->status, .length = stream->length};
	char *type = NULL;

	curl_easy_getinfo(stream->easy, CURLINFO_CONTENT_TYPE, &type);
	response.content_type = type != NULL ? pstrdup(type) : NULL;
	response.body = pnstrdup(stream->buffer + stream->start, stream->length);
	(void) poc_sidecar_read(&response, stream->path);
	elog(ERROR, "unexpected status %ld of the Barman sidecar", stream->status);
}
