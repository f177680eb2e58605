/*-------------------------------------------------------------------------
 *
 * http.c
 *	  One HTTP request to the sidecar: libcurl, driven by the latch.
 *
 * libcurl must never see a longjmp: its callbacks only record what happened,
 * allocate with malloc() and call nothing of PostgreSQL's that could throw.
 *
 * The wait is ours, not libcurl's.  It ends at once for a cancel request, a
 * statement timeout, a termination or the death of the postmaster.
 *
 * libcurl may start a thread to resolve a host name.  A thread takes the
 * signal mask of its creator; were it not blocked, PostgreSQL's handlers
 * would run in that thread.  So every call that may get there is made with
 * all signals blocked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"

#include "curl_prelude.h"
#include "compat.h"
#include "http.h"
#include "settings.h"

/*
 * Sockets that libcurl may watch at a time for one request: two connections
 * being tried (IPv4 and IPv6) and the resolver's pair, with some to spare.
 */
#define MAX_SOCKETS 8

/* one kept connection and the pair by which libcurl wakes itself */
#define KEPT_DESCRIPTORS 3

/* The sidecar sends some 200 bytes of headers. */
#define MAX_HEADER_SIZE (64 * 1024)

/* A bearer token is some 32 to 100 characters; JSON web tokens reach 2 kB. */
#define MAX_TOKEN_SIZE 4096

/* everything that the callbacks write to */
typedef struct Exchange
{
	char	   *body;			/* malloc'd */
	size_t		length;
	size_t		allocated;
	size_t		max_length;
	size_t		header_length;
	bool		too_large;
	bool		headers_too_large;
	bool		out_of_memory;
	char	   *content_encoding;	/* malloc'd */
	int			nsockets;
	bool		too_many_sockets;
	struct
	{
		curl_socket_t fd;
		uint32		events;
	}			sockets[MAX_SOCKETS];
	bool		timer_set;
	instr_time	timer_start;
	long		timer;			/* ms after timer_start */
	char		error[CURL_ERROR_SIZE];
} Exchange;

static void open_handles(void);
static void close_handles(void);
static bool set_options(CURL *handle, const PocHttpRequest *request,
						struct curl_slist **headers, char *error);
static CURLcode perform(void);
static void wait_for_events(void);
static void drive(curl_socket_t fd, int events);
static long timer_left(void);
static PocHttpResponse *take_response(void);
static void explain_failure(CURLcode code, PocHttpFailure *failure);
static bool endpoint(const char *path, const char **socket_path,
					 char *url, size_t url_size);
static struct curl_slist *make_headers(const PocHttpRequest *request,
									   char *error);
static bool read_token(char *token, size_t size, char *error);
static long elapsed_ms(instr_time start);
static size_t write_callback(char *data, size_t size, size_t count, void *arg);
static size_t header_callback(char *data, size_t size, size_t count, void *arg);
static size_t ignore_callback(char *data, size_t size, size_t count, void *arg);
static int	socket_callback(CURL *handle, curl_socket_t fd, int what,
							void *arg, void *socket_arg);
static int	timer_callback(CURLM *handle, long timeout, void *arg);

/*
 * Both live as long as the backend, and with them one idle connection.  After
 * any error they are made anew: libcurl was perhaps left in the middle.
 */
static CURLM *multi = NULL;
static CURL *easy = NULL;
static struct curl_slist *sent_headers = NULL;
static Exchange exchange;

#define WITH_SIGNALS_BLOCKED(statement) \
	do { \
		sigset_t	all_signals; \
		sigset_t	old_signals; \
		sigfillset(&all_signals); \
		pthread_sigmask(SIG_SETMASK, &all_signals, &old_signals); \
		statement; \
		pthread_sigmask(SIG_SETMASK, &old_signals, NULL); \
	} while (0)

/*
 * Sends one request and returns the response, whatever its status; NULL, with
 * *failure filled, when there is none.  Throws only what is no matter of HTTP:
 * interrupts, and a lack of memory or descriptors.
 */
PocHttpResponse *
poc_http_request(const PocHttpRequest *request, PocHttpFailure *failure)
{
	PocHttpResponse *volatile response = NULL;
	CURLcode	code;

	open_handles();

	PG_TRY();
	{
		if (!set_options(easy, request, &sent_headers, exchange.error))
		{
			failure->sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
			failure->message = "the request to the Barman sidecar could not be prepared";
			failure->detail = pstrdup(exchange.error);
			failure->hint = "Check the setting poc_barman.token_file: a file with one line, the token, that PostgreSQL's system user can read.";
		}
		else
		{
			code = perform();
			if (code == CURLE_OK)
				response = take_response();
			else
				explain_failure(code, failure);
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
 * Sends an empty POST and waits for its answer for so many milliseconds, with
 * no regard to interrupts.  For clean-up after an error or on the way out: it
 * throws nothing and allocates nothing of PostgreSQL's.  Did it succeed?
 */
bool
poc_http_post_quietly(const char *path, int timeout)
{
	PocHttpRequest request = {.method = "POST",.path = path,.body = "{}"};
	char		error[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	CURL	   *handle = NULL;
	long		status = 0;

	WITH_SIGNALS_BLOCKED(handle = curl_easy_init());
	if (handle == NULL)
		return false;

	if (set_options(handle, &request, &headers, error))
	{
		curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long) timeout);
		curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long) timeout);
		curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, NULL);
		curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, ignore_callback);
		curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, ignore_callback);
		WITH_SIGNALS_BLOCKED((void) curl_easy_perform(handle));
		curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	}
	WITH_SIGNALS_BLOCKED(curl_easy_cleanup(handle));
	curl_slist_free_all(headers);
	return status >= 200 && status < 300;
}

/*
 * libcurl is started here, in the backend: it must not be carried over a fork.
 */
static void
open_handles(void)
{
	static bool started = false;
	CURLcode	code = CURLE_OK;

	if (multi != NULL)
		return;

	if (!started)
	{
		WITH_SIGNALS_BLOCKED(code = curl_global_init(CURL_GLOBAL_ALL));
		if (code != CURLE_OK)
			ereport(ERROR,
					(errcode(ERRCODE_SYSTEM_ERROR),
					 errmsg("could not start libcurl"),
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
					 errhint("Raise the limit of open files of the server, or max_files_per_process.")));
		}
	}

	WITH_SIGNALS_BLOCKED(multi = curl_multi_init());
	WITH_SIGNALS_BLOCKED(easy = curl_easy_init());
	if (multi == NULL || easy == NULL)
	{
		if (multi == NULL)
		{
			/* close_handles() goes by multi */
			for (int i = 0; i < KEPT_DESCRIPTORS; i++)
				ReleaseExternalFD();
		}
		close_handles();
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("libcurl could not make a handle.")));
	}

	/* one connection is kept, as one sidecar is all there is to talk to */
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1L);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_callback);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_callback);
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

/*
 * Sets every option anew, so that nothing of the last request or of older
 * settings is left.  Throws nothing: false, with a reason in *error.
 */
static bool
set_options(CURL *handle, const PocHttpRequest *request,
			struct curl_slist **headers, char *error)
{
	char		url[2 * MAXPGPATH];
	const char *socket_path;

	curl_easy_reset(handle);
	curl_slist_free_all(*headers);
	*headers = NULL;

	if (!endpoint(request->path, &socket_path, url, sizeof(url)))
	{
		snprintf(error, CURL_ERROR_SIZE, "The address is too long.");
		return false;
	}
	*headers = make_headers(request, error);
	if (*headers == NULL)
		return false;

	curl_easy_setopt(handle, CURLOPT_URL, url);
	if (socket_path != NULL)
		curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, *headers);
	if (strcmp(request->method, "POST") == 0)
	{
		curl_easy_setopt(handle, CURLOPT_POST, 1L);
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
						 (curl_off_t) (request->body ? strlen(request->body) : 0));
		curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS,
						 request->body ? request->body : "");
	}
	else
		curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
	if (strcmp(request->method, "DELETE") == 0)
		curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, "DELETE");

	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "");
#else
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
	curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS, 0L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	/* a resolver that hangs must not hold up the end of a cancelled query */
	curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 0L);
	/* the postmaster's http_proxy is not meant for us */
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(handle, CURLOPT_USERAGENT, "poc_barman/1.0");
	curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	if (poc_ca_file[0] != '\0')
	{
		curl_easy_setopt(handle, CURLOPT_CAINFO, poc_ca_file);
		/* that authority alone, not the system's as well */
		curl_easy_setopt(handle, CURLOPT_CAPATH, NULL);
	}

	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long) poc_connect_timeout);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long) poc_timeout + request->hold);
	/* refused early when Content-Length tells; write_callback has the last word */
	curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE,
					 (curl_off_t) poc_max_response_size * 1024);

	curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange.error);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, write_callback);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, NULL);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, header_callback);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, NULL);
	return true;
}

static CURLcode
perform(void)
{
	CURLMcode	mcode = CURLM_OK;
	CURLcode	code = CURLE_OK;
	CURLMsg    *message;
	int			left;

	free(exchange.body);
	free(exchange.content_encoding);
	memset(&exchange, 0, sizeof(exchange));
	exchange.max_length = (size_t) poc_max_response_size * 1024;

	WITH_SIGNALS_BLOCKED(mcode = curl_multi_add_handle(multi, easy));
	if (mcode != CURLM_OK)
		elog(ERROR, "could not add a request to libcurl: %s",
			 curl_multi_strerror(mcode));

	drive(CURL_SOCKET_TIMEOUT, 0);
	while ((message = curl_multi_info_read(multi, &left)) == NULL)
		wait_for_events();
	if (message->msg == CURLMSG_DONE)
		code = message->data.result;

	WITH_SIGNALS_BLOCKED(mcode = curl_multi_remove_handle(multi, easy));
	if (mcode != CURLM_OK)
		elog(ERROR, "could not remove a request from libcurl: %s",
			 curl_multi_strerror(mcode));
	return code;
}

/*
 * Sleeps until there is something to do for libcurl, and lets it do it.
 */
static void
wait_for_events(void)
{
	static uint32 wait_event = 0;
	WaitEventSet *volatile set = NULL;
	WaitEvent	events[MAX_SOCKETS + 2];
	volatile int nevents = 0;
	long		timeout = timer_left();

	if (wait_event == 0)
		wait_event = WaitEventExtensionNew("PocBarmanHttp");

	if (exchange.too_many_sockets)
		elog(ERROR, "libcurl uses more sockets than expected");

	CHECK_FOR_INTERRUPTS();

	PG_TRY();
	{
		set = CreateWaitEventSet(CurrentResourceOwner, MAX_SOCKETS + 2);
		AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
		AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
		for (int i = 0; i < exchange.nsockets; i++)
			AddWaitEventToSet(set, exchange.sockets[i].events,
							  exchange.sockets[i].fd, NULL, NULL);

		nevents = WaitEventSetWait(set, timeout, events, lengthof(events),
								   wait_event);
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
	CURLMcode	mcode = CURLM_OK;
	int			running;

	/* libcurl sets it again if it still wants one */
	if (fd == CURL_SOCKET_TIMEOUT)
		exchange.timer_set = false;

	WITH_SIGNALS_BLOCKED(mcode = curl_multi_socket_action(multi, fd, events, &running));
	if (mcode != CURLM_OK)
		elog(ERROR, "libcurl failed: %s", curl_multi_strerror(mcode));
}

/*
 * Milliseconds until libcurl wants to be called; a second if it named no time,
 * as its own time limits must be noticed in any case.
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
	long		status = 0;
	char	   *content_type = NULL;

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

static void
explain_failure(CURLcode code, PocHttpFailure *failure)
{
	curl_off_t	connected = 0;

	/* zero until the request could be sent, also on a kept connection */
	curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
	failure->sent = connected != 0;
	failure->timed_out = code == CURLE_OPERATION_TIMEDOUT;

	failure->detail = psprintf("%s (libcurl: %s); the address is %s.",
							   exchange.error[0] ? exchange.error : "No answer",
							   curl_easy_strerror(code), poc_url);

	if (exchange.too_large || code == CURLE_FILESIZE_EXCEEDED)
	{
		failure->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		failure->message = "the answer of the Barman sidecar is too large";
		failure->detail = psprintf("It exceeds poc_barman.max_response_size, which is %d kB.",
								   poc_max_response_size);
		failure->hint = "A superuser can raise poc_barman.max_response_size.";
		return;
	}
	/* a single header line beyond libcurl's own limit ends as "out of memory" */
	if (exchange.headers_too_large ||
		(code == CURLE_OUT_OF_MEMORY && exchange.length == 0 && connected > 0))
	{
		failure->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		failure->message = "the answer of the Barman sidecar is too large";
		failure->detail = psprintf("Its headers exceed %d kB.", MAX_HEADER_SIZE / 1024);
		failure->hint = "Check that the setting poc_barman.url names a barman-sidecar and no other service.";
		return;
	}
	if (exchange.out_of_memory || code == CURLE_OUT_OF_MEMORY)
	{
		failure->sqlstate = ERRCODE_OUT_OF_MEMORY;
		failure->message = "out of memory for the answer of the Barman sidecar";
		failure->hint = "A superuser can lower poc_barman.max_response_size.";
		return;
	}

	switch (code)
	{
		case CURLE_COULDNT_CONNECT:
		case CURLE_COULDNT_RESOLVE_HOST:
			failure->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
			failure->message = "could not connect to the Barman sidecar";
			failure->hint = "Check that barman-sidecar runs and that the setting poc_barman.url names where it listens.";
			break;

		case CURLE_OPERATION_TIMEDOUT:
			if (connected == 0)
			{
				failure->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
				failure->message = "could not connect to the Barman sidecar in time";
				failure->hint = "Check that barman-sidecar runs and can be reached, or raise poc_barman.connect_timeout.";
			}
			else
			{
				failure->sqlstate = ERRCODE_CONNECTION_FAILURE;
				failure->message = "the Barman sidecar did not answer in time";
				failure->hint = "Look into the sidecar's log for what Barman is doing, or raise poc_barman.timeout.";
			}
			break;

		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_ISSUER_ERROR:
			failure->sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
			failure->message = "could not make a secure connection to the Barman sidecar";
			failure->hint = "Check that poc_barman.ca_file holds the authority that signed the sidecar's certificate, and that the certificate names the host of poc_barman.url.";
			break;

		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_BAD_CONTENT_ENCODING:
		case CURLE_WRITE_ERROR:
			failure->sqlstate = ERRCODE_PROTOCOL_VIOLATION;
			failure->message = "the answer of the Barman sidecar is not understood";
			failure->hint = "Check that the setting poc_barman.url names a barman-sidecar and no other service.";
			break;

		default:
			failure->sqlstate = ERRCODE_CONNECTION_FAILURE;
			failure->message = "the connection to the Barman sidecar broke";
			failure->hint = "Check that barman-sidecar still runs; its log tells why it stopped.";
			break;
	}
}

/*
 * The URL for a path, and the Unix-domain socket to reach it by, if any.
 */
static bool
endpoint(const char *path, const char **socket_path, char *url, size_t url_size)
{
	int			base_length = strlen(poc_url);

	if (strncmp(poc_url, "unix:", 5) == 0)
	{
		*socket_path = poc_url + 5;
		return snprintf(url, url_size, "http://localhost%s", path) < (int) url_size;
	}
	*socket_path = NULL;
	if (poc_url[base_length - 1] == '/')
		base_length--;
	return snprintf(url, url_size, "%.*s%s", base_length, poc_url, path) < (int) url_size;
}

static struct curl_slist *
make_headers(const PocHttpRequest *request, char *error)
{
	char		header[MAX_TOKEN_SIZE + 32] = "Authorization: Bearer ";
	size_t		prefix = strlen(header);
	struct curl_slist *list;
	struct curl_slist *longer;

	snprintf(error, CURL_ERROR_SIZE, "Out of memory.");

	list = curl_slist_append(NULL, "Accept: application/json");
	/* no "Expect: 100-continue": it costs a round trip */
	if (list != NULL && (longer = curl_slist_append(list, "Expect:")) != NULL)
		list = longer;
	if (list != NULL && request->body != NULL &&
		(longer = curl_slist_append(list, "Content-Type: application/json")) != NULL)
		list = longer;
	if (list != NULL && request->key != NULL)
	{
		char		key[128];

		snprintf(key, sizeof(key), "Idempotency-Key: %s", request->key);
		longer = curl_slist_append(list, key);
		if (longer == NULL)
		{
			/* without it, it must not be sent */
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}

	if (list != NULL && poc_token_file[0] != '\0')
	{
		longer = NULL;
		if (read_token(header + prefix, sizeof(header) - prefix, error))
			longer = curl_slist_append(list, header);
		explicit_bzero(header, sizeof(header));
		if (longer == NULL)
		{
			curl_slist_free_all(list);
			return NULL;
		}
	}
	if (list != NULL)
		error[0] = '\0';
	return list;
}

/*
 * Reads the token.  Plain system calls, as this runs on the way out as well.
 * The path is not told: it is for superusers to know.
 */
static bool
read_token(char *token, size_t size, char *error)
{
	int			fd;
	ssize_t		length;

	/* O_NONBLOCK: a fifo must not hang us */
	fd = open(poc_token_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
	{
		snprintf(error, CURL_ERROR_SIZE,
				 "The token file could not be opened: %s.", strerror(errno));
		return false;
	}
	length = read(fd, token, size - 1);
	if (length < 0)
		snprintf(error, CURL_ERROR_SIZE,
				 "The token file could not be read: %s.", strerror(errno));
	close(fd);
	if (length < 0)
		return false;

	while (length > 0 && strchr(" \t\r\n", token[length - 1]) != NULL)
		length--;
	token[length] = '\0';

	if (length == 0)
	{
		snprintf(error, CURL_ERROR_SIZE, "The token file is empty.");
		return false;
	}
	if (length > MAX_TOKEN_SIZE)
	{
		snprintf(error, CURL_ERROR_SIZE,
				 "The token in the token file exceeds %d bytes.", MAX_TOKEN_SIZE);
		return false;
	}
	for (ssize_t i = 0; i < length; i++)
	{
		/* anything else could end the header and begin another */
		if (token[i] <= 0x20 || token[i] >= 0x7f)
		{
			snprintf(error, CURL_ERROR_SIZE,
					 "The token file holds more than one line of plain characters.");
			return false;
		}
	}
	return true;
}

static long
elapsed_ms(instr_time start)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	return (long) INSTR_TIME_GET_MILLISEC(now);
}

/* ---- libcurl's callbacks: no palloc, no ereport, no way out but return ---- */

static size_t
write_callback(char *data, size_t size, size_t count, void *arg)
{
	size_t		length = size * count;
	size_t		needed;

	if (length > exchange.max_length - exchange.length)
	{
		exchange.too_large = true;
		return 0;
	}
	needed = exchange.length + length;
	if (needed > exchange.allocated)
	{
		size_t		allocated = Max(exchange.allocated * 2, 16 * 1024);
		char	   *body;

		while (allocated < needed)
			allocated *= 2;
		body = realloc(exchange.body, allocated);
		if (body == NULL)
		{
			exchange.out_of_memory = true;
			return 0;
		}
		exchange.body = body;
		exchange.allocated = allocated;
	}
	memcpy(exchange.body + exchange.length, data, length);
	exchange.length = needed;
	return length;
}

static size_t
header_callback(char *data, size_t size, size_t count, void *arg)
{
	static const char name[] = "content-encoding:";
	size_t		length = size * count;

	exchange.header_length += length;
	if (exchange.header_length > MAX_HEADER_SIZE)
	{
		exchange.headers_too_large = true;
		return 0;
	}

	if (length > sizeof(name) - 1 &&
		pg_strncasecmp(data, name, sizeof(name) - 1) == 0)
	{
		const char *value = data + sizeof(name) - 1;
		size_t		value_length = length - (sizeof(name) - 1);

		while (value_length > 0 && strchr(" \t", *value) != NULL)
		{
			value++;
			value_length--;
		}
		while (value_length > 0 && strchr(" \t\r\n", value[value_length - 1]) != NULL)
			value_length--;
		free(exchange.content_encoding);
		exchange.content_encoding = strndup(value, Min(value_length, 64));
	}
	return length;
}

static size_t
ignore_callback(char *data, size_t size, size_t count, void *arg)
{
	return size * count;
}

static int
socket_callback(CURL *handle, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	int			i;

	for (i = 0; i < exchange.nsockets; i++)
	{
		if (exchange.sockets[i].fd == fd)
			break;
	}

	if (what == CURL_POLL_REMOVE)
	{
		if (i < exchange.nsockets)
			exchange.sockets[i] = exchange.sockets[--exchange.nsockets];
		return 0;
	}

	if (i == MAX_SOCKETS)
	{
		exchange.too_many_sockets = true;
		return 0;
	}
	if (i == exchange.nsockets)
		exchange.nsockets++;
	exchange.sockets[i].fd = fd;
	exchange.sockets[i].events =
		((what & CURL_POLL_IN) ? WL_SOCKET_READABLE : 0) |
		((what & CURL_POLL_OUT) ? WL_SOCKET_WRITEABLE : 0);
	return 0;
}

static int
timer_callback(CURLM *handle, long timeout, void *arg)
{
	exchange.timer_set = timeout >= 0;
	exchange.timer = timeout;
	INSTR_TIME_SET_CURRENT(exchange.timer_start);
	return 0;
}
