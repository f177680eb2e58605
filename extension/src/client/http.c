/*-------------------------------------------------------------------------
 *
 * http.c
 *	  One HTTP request to the sidecar: libcurl, driven by the latch.
 *
 * This file waits, not libcurl.  The wait ends at once for a cancel request, a
 * statement timeout, a termination or the death of the postmaster.
 *
 * With an open signal mask, PostgreSQL's handlers would run in a thread of
 * libcurl's: see WITH_SIGNALS_BLOCKED.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"

#include "base/curl_prelude.h"
#include "base/compat.h"
#include "base/settings.h"
#include "client/http.h"
#include "client/http_exchange.h"

/* one kept connection, and the socket pair by which libcurl wakes itself */
#define KEPT_DESCRIPTORS 3

static void open_handles(void);
static void close_handles(void);
static CURLcode perform(void);
static void wait_for_events(void);
static void drive(curl_socket_t fd, int events);
static long timer_left(void);
static PocHttpResponse *take_response(void);
static long elapsed_ms(instr_time start);

/*
 * Both live as long as the backend and keep one idle connection.  After any error they
 * are recreated, because libcurl may be in the middle of a transfer.
 */
static CURLM *multi = NULL;
static CURL *easy = NULL;
static struct curl_slist *sent_headers = NULL;
static PocHttpExchange exchange;

/*
 * Sends one request and returns the response, whatever its status.  Without a
 * response, returns NULL and fills *failure.  Throws only errors that do not
 * concern HTTP: interrupts, and lack of memory or descriptors.
 */
PocHttpResponse *
poc_http_request(const PocHttpRequest *request, PocHttpFailure *failure)
{
	PocHttpResponse *volatile response = NULL;
	CURLcode code;

	open_handles();

	PG_TRY();
	{
		if (!poc_http_set_options(easy, request, &sent_headers, exchange.error))
		{
			failure->sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
			failure->message = "the request to the Barman sidecar could not be prepared";
			failure->detail = pstrdup(exchange.error);
			failure->hint = request->destroys
								? "Check the setting poc_barman.destroy_token_file: a file with one line, the token, that PostgreSQL's system user can read."
								: "Check the setting poc_barman.token_file: a file with one line, the token, that PostgreSQL's system user can read.";
		}
		else
		{
			poc_http_receive(easy, &exchange);
			code = perform();
			if (code == CURLE_OK)
				response = take_response();
			else
				poc_http_explain_failure(easy, code, &exchange, failure);
		}
	}
	PG_CATCH();
	{
		close_handles();
		PG_RE_THROW();
	}
	PG_END_TRY();

	if (response == NULL)
		close_handles();
	else
	{
		free(exchange.body);
		exchange.body = NULL;
		free(exchange.content_encoding);
		exchange.content_encoding = NULL;
	}
	return response;
}

/*
 * Sends an empty POST and waits up to timeout milliseconds for the answer,
 * ignoring interrupts.  It is for clean-up after an error or at exit, so it
 * neither throws nor uses palloc().  Returns whether the request succeeded.
 */
bool
poc_http_post_quietly(const char *path, int timeout)
{
	PocHttpRequest request = {.method = "POST", .path = path, .body = "{}"};
	char error[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	CURL *handle = NULL;
	long status = 0;

	WITH_SIGNALS_BLOCKED(handle = curl_easy_init());
	if (handle == NULL)
		return false;

	if (poc_http_set_options(handle, &request, &headers, error))
	{
		poc_http_discard(handle);
		curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long) timeout);
		curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long) timeout);
		WITH_SIGNALS_BLOCKED((void) curl_easy_perform(handle));
		curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	}
	WITH_SIGNALS_BLOCKED(curl_easy_cleanup(handle));
	curl_slist_free_all(headers);
	return status >= 200 && status < 300;
}

/*
 * Initializes libcurl here, in the backend: its state must not survive a fork.
 */
static void
open_handles(void)
{
	static bool started = false;
	CURLcode code = CURLE_OK;

	if (multi != NULL)
		return;

	if (!started)
	{
		WITH_SIGNALS_BLOCKED(code = curl_global_init(CURL_GLOBAL_ALL));
		if (code != CURLE_OK)
			ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR), errmsg("could not start libcurl"),
							errdetail("%s.", curl_easy_strerror(code))));
		started = true;
	}

	for (int i = 0; i < KEPT_DESCRIPTORS; i++)
	{
		if (!AcquireExternalFD())
		{
			while (i-- > 0)
				ReleaseExternalFD();
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("could not reserve file descriptors for a connection to the Barman sidecar"),
					 errhint(
						 "Raise the limit of open files of the server, or max_files_per_process.")));
		}
	}

	WITH_SIGNALS_BLOCKED(multi = curl_multi_init());
	WITH_SIGNALS_BLOCKED(easy = curl_easy_init());
	if (multi == NULL || easy == NULL)
	{
		if (multi == NULL)
		{
			/* close_handles() releases them only if multi is set */
			for (int i = 0; i < KEPT_DESCRIPTORS; i++)
				ReleaseExternalFD();
		}
		close_handles();
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
						errdetail("libcurl could not make a handle.")));
	}

	/* keep one connection, because there is only one sidecar */
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1L);
	poc_http_watch(multi, &exchange);
}

static void
close_handles(void)
{
	if (multi != NULL && easy != NULL)
		WITH_SIGNALS_BLOCKED(curl_multi_remove_handle(multi, easy));
	if (easy != NULL)
		WITH_SIGNALS_BLOCKED(curl_easy_cleanup(easy));
	if (multi != NULL)
		WITH_SIGNALS_BLOCKED(curl_multi_cleanup(multi));
	curl_slist_free_all(sent_headers);
	free(exchange.body);
	free(exchange.content_encoding);
	memset(&exchange, 0, sizeof(exchange));
	if (multi != NULL)
	{
		for (int i = 0; i < KEPT_DESCRIPTORS; i++)
			ReleaseExternalFD();
	}
	multi = NULL;
	easy = NULL;
	sent_headers = NULL;
}

static CURLcode
perform(void)
{
	CURLMcode mcode = CURLM_OK;
	CURLcode code = CURLE_OK;
	CURLMsg *message;
	int left;

	free(exchange.body);
	free(exchange.content_encoding);
	memset(&exchange, 0, sizeof(exchange));
	exchange.max_length = (size_t) poc_max_response_size * 1024;

	WITH_SIGNALS_BLOCKED(mcode = curl_multi_add_handle(multi, easy));
	if (mcode != CURLM_OK)
		elog(ERROR, "could not add a request to libcurl: %s", curl_multi_strerror(mcode));

	drive(CURL_SOCKET_TIMEOUT, 0);
	while ((message = curl_multi_info_read(multi, &left)) == NULL)
		wait_for_events();
	if (message->msg == CURLMSG_DONE)
		code = message->data.result;

	WITH_SIGNALS_BLOCKED(mcode = curl_multi_remove_handle(multi, easy));
	if (mcode != CURLM_OK)
		elog(ERROR, "could not remove a request from libcurl: %s", curl_multi_strerror(mcode));
	return code;
}

/* Sleeps until libcurl has something to do, and lets libcurl do it. */
static void
wait_for_events(void)
{
	static uint32 wait_event = 0;
	WaitEventSet *volatile set = NULL;
	WaitEvent events[POC_HTTP_MAX_SOCKETS + 2];
	volatile int nevents = 0;
	long timeout = timer_left();

	if (wait_event == 0)
		wait_event = WaitEventExtensionNew("PocBarmanHttp");

	if (exchange.too_many_sockets)
		elog(ERROR, "libcurl uses more sockets than expected");

	CHECK_FOR_INTERRUPTS();

	PG_TRY();
	{
		set = CreateWaitEventSet(CurrentResourceOwner, POC_HTTP_MAX_SOCKETS + 2);
		AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
		AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
		for (int i = 0; i < exchange.nsockets; i++)
			AddWaitEventToSet(set, exchange.sockets[i].events, exchange.sockets[i].fd, NULL, NULL);

		nevents = WaitEventSetWait(set, timeout, events, lengthof(events), wait_event);
	}
	PG_FINALLY();
	{
		if (set != NULL)
			FreeWaitEventSet(set);
	}
	PG_END_TRY();

	for (int i = 0; i < nevents; i++)
	{
		if (events[i].events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		if (events[i].events & WL_SOCKET_MASK)
			drive(events[i].fd,
				  ((events[i].events & WL_SOCKET_READABLE) ? CURL_CSELECT_IN : 0) |
					  ((events[i].events & WL_SOCKET_WRITEABLE) ? CURL_CSELECT_OUT : 0));
	}
	if (timer_left() == 0)
		drive(CURL_SOCKET_TIMEOUT, 0);
}

static void
drive(curl_socket_t fd, int events)
{
	CURLMcode mcode = CURLM_OK;
	int running;

	/* libcurl sets the timer again if it needs it */
	if (fd == CURL_SOCKET_TIMEOUT)
		exchange.timer_set = false;

	WITH_SIGNALS_BLOCKED(mcode = curl_multi_socket_action(multi, fd, events, &running));
	if (mcode != CURLM_OK)
		elog(ERROR, "libcurl failed: %s", curl_multi_strerror(mcode));
}

/*
 * Milliseconds until libcurl's timer expires.  Without a timer, one second, so
 * that libcurl notices its own time limits.
 */
static long
timer_left(void)
{
	if (!exchange.timer_set)
		return 1000;
	return Max(exchange.timer - elapsed_ms(exchange.timer_start), 0);
}

static PocHttpResponse *
take_response(void)
{
	PocHttpResponse *response = palloc0(sizeof(PocHttpResponse));
	long status = 0;
	char *content_type = NULL;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &content_type);

	response->status = (int) status;
	if (content_type != NULL)
		response->content_type = pstrdup(content_type);
	if (exchange.content_encoding != NULL)
		response->content_encoding = pstrdup(exchange.content_encoding);
	response->length = exchange.length;
	response->body = palloc(exchange.length + 1);
	if (exchange.length > 0)
		memcpy(response->body, exchange.body, exchange.length);
	response->body[exchange.length] = '\0';
	return response;
}

static long
elapsed_ms(instr_time start)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	return (long) INSTR_TIME_GET_MILLISEC(now);
}
