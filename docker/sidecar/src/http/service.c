/*
 * service.c
 *
 * The interface to libmicrohttpd: the server, and the life of a request from
 * the first call to the reply, including its sleep.  Knows no paths: the
 * service that it is given interprets them.
 */
#include "http/service.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "base/token.h"
#include "http/accept.h"
#include "http/admission.h"
#include "http/body.h"
#include "http/connection.h"
#include "http/headers.h"
#include "http/listen.h"
#include "http/reply.h"
#include "http/sleep.h"
#include "http/tls.h"
#include "http/worker_thread.h"

/* Read this much more of a body that is too large, so that the sender gets the answer. */
#define BODY_DISCARD_MAX (1024 * 1024)

/* The request line and headers must fit into this. */
#define CONNECTION_MEMORY (32 * 1024)

static HttpService service;

static struct MHD_Daemon *daemon_handle;
static bool serves_tls;
static atomic_bool stopping;

static void allow_own_names(const char *listen);
static void *begin(void *cls, const char *uri, struct MHD_Connection *connection);
static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
							  const char *method, const char *version, const char *upload_data,
							  size_t *upload_data_size, void **request_cls);
static void completed(void *cls, struct MHD_Connection *connection, void **request_cls,
					  enum MHD_RequestTerminationCode code);
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text);
static void log_server(void *cls, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

bool
http_start(const HttpOptions *http_options)
{
	/* libmicrohttpd's epoll mode may abort when it stops listening, and poll suffices here */
	unsigned int flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET |
						 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *) (uintptr_t) http_tls_choose},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *) (uintptr_t) HTTP_TLS_PRIORITIES},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	char address[160];
	char open_address[160];
	int fds[2] = {-1, -1};

	serves_tls = http_options->tls_cert != NULL;
	if (serves_tls)
	{
		if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
		{
			log_line(LOGLEVEL_ERROR, "this libmicrohttpd cannot do TLS", NULL);
			return false;
		}
		if (!http_tls_use(http_options->tls_cert, http_options->tls_key))
			return false;
		flags |= MHD_USE_TLS;
	}
	service = http_options->service;
	http_connections_init(&http_options->limits, serves_tls, service.tick);
	http_bodies_limit((size_t) http_options->limits.body_megabytes * 1024 * 1024);
	fds[0] = http_listen(http_options->listen, address, sizeof(address));
	if (fds[0] < 0)
		return false;
	allow_own_names(http_options->listen);
	if (http_options->open_listen != NULL)
	{
		fds[1] = http_listen(http_options->open_listen, open_address, sizeof(open_address));
		if (fds[1] < 0)
		{
			close(fds[0]);
			return false;
		}
		allow_own_names(http_options->open_listen);
	}
	daemon_handle = MHD_start_daemon(flags, 0, NULL, NULL, handle, NULL, MHD_OPTION_EXTERNAL_LOGGER,
									 log_server, NULL, MHD_OPTION_CONNECTION_LIMIT,
									 (unsigned int) (http_options->limits.connections +
													 CONNECTIONS_BEYOND),
									 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) CONNECTION_MEMORY,
									 MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
									 begin, NULL, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
									 MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
									 MHD_OPTION_NOTIFY_CONNECTION, http_connection_notify, NULL,
									 MHD_OPTION_ARRAY, serves_tls ? tls : none, MHD_OPTION_END);
	if (daemon_handle == NULL)
	{
		log_line(LOGLEVEL_ERROR, "could not start the HTTP server", NULL);
		close(fds[0]);
		if (fds[1] >= 0)
			close(fds[1]);
		return false;
	}
	if (!http_connections_watch() || !http_work_start(service.answer) ||
		!http_accept_start(daemon_handle, fds, serves_tls))
	{
		log_line(LOGLEVEL_ERROR, "could not start a thread", NULL);
		return false;
	}
	log_line(LOGLEVEL_INFO, "listening", "address", address, "tls", serves_tls ? "yes" : "no",
			 "token", token_configured() ? "yes" : "no", NULL);
	if (fds[1] >= 0)
		log_line(LOGLEVEL_INFO, "open for metrics", "address", open_address, "tls",
				 serves_tls ? "yes" : "no", NULL);
	return true;
}

void
http_reload(void)
{
	http_tls_reload();
}

void
http_quiesce(void)
{
	if (daemon_handle == NULL)
		return;
	http_accept_stop();
	http_unlisten();
	atomic_store(&stopping, true);
}

bool
http_stopping(void)
{
	return atomic_load(&stopping);
}

void
http_stop(void)
{
	int64_t until = monotonic_ms() + 2000;

	if (daemon_handle == NULL)
		return;
	/* libmicrohttpd aborts if it is stopped while a request sleeps. */
	while (http_sleepers() > 0 && monotonic_ms() < until)
		usleep(5000);
	usleep(20000); /* let libmicrohttpd send the last answers */

	http_work_stop();
	http_connections_unwatch();
	if (http_sleepers() == 0)
		MHD_stop_daemon(daemon_handle);
	daemon_handle = NULL;
	http_tls_forget();
	http_hosts_forget();
}

/* Allow the address of --listen and the host name of this machine. */
static void
allow_own_names(const char *listen)
{
	const char *colon = strrchr(listen, ':');
	char *host = mem_strndup(listen, colon != NULL ? (size_t) (colon - listen) : 0);
	char name[256] = "";

	/* a wildcard address is no host name */
	if (strcmp(host, "0.0.0.0") != 0 && strcmp(host, "[::]") != 0 && strcmp(host, "*") != 0)
		http_host_allow(host);
	free(host);
	if (gethostname(name, sizeof(name) - 1) == 0)
		http_host_allow(name);
}

/* libmicrohttpd has read the request line, and does not keep its length. */
static void *
begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
	Request *request = mem_alloc(sizeof(Request));

	(void) cls;
	request->connection = connection;
	request->uri_length = strlen(uri);
	request->started = monotonic_ms();
	return request;
}

/*
 * libmicrohttpd calls this when the headers are complete, for each piece of the
 * body, at the end of the body, and again each time the request was resumed.
 */
static enum MHD_Result
handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
	   const char *version, const char *upload_data, size_t *upload_data_size, void **request_cls)
{
	Request *request = *request_cls;
	Answer *answer;

	(void) cls;
	if (!request->begun)
	{
		request->begun = true;
		request->open = http_connection_is_open(connection);
		request->method = mem_strdup(method);
		request->path = mem_strndup(url, strnlen(url, PATH_MAX_BYTES + 1));
		http_connection_stage(connection, HTTP_SENDS_BODY);
		answer = http_refuse_early(request, version, service.admit);
		return answer != NULL ? http_reply(request, answer, service.answered) : MHD_YES;
	}
	if (*upload_data_size > 0)
	{
		size_t size = *upload_data_size;

		*upload_data_size = 0;
		request->body_seen += size;
		if (request->body_seen > request->body_max + BODY_DISCARD_MAX)
			return MHD_NO; /* closes the connection */
		if (request->body_seen <= request->body_max && !request->body_dropped)
			request->body_dropped = !http_body_append(request, upload_data, size);
		return MHD_YES;
	}

	http_connection_stage(connection, HTTP_IS_SERVED);
	http_wait_ended(connection);
	answer = request->answer;
	request->answer = NULL;
	if (answer == NULL && request->body_seen > request->body_max)
		answer = http_body_too_large(request);
	if (answer == NULL && request->body_dropped)
		answer = http_body_no_room();
	if (answer == NULL && request->apart)
	{
		http_sleep(request);
		http_work_add(request);
		return MHD_YES;
	}
	if (answer == NULL)
		answer = service.answer(request);
	if (answer == NULL)
		return MHD_YES; /* the request sleeps */
	return http_reply(request, answer, service.answered);
}

static void
completed(void *cls, struct MHD_Connection *connection, void **request_cls,
		  enum MHD_RequestTerminationCode code)
{
	Request *request = *request_cls;

	(void) cls;
	(void) code;
	*request_cls = NULL;
	if (request == NULL)
		return;
	http_connection_stage(connection, HTTP_IDLES);
	http_wait_ended(connection);
	http_body_free(request);
	for (int i = 0; i < request->segment_count; i++)
		free(request->segments[i]);
	if (request->forget != NULL)
		request->forget(request->kept);
	free(request->method);
	free(request->path);
	json_decref(request->value);
	answer_release(request->answer);
	free(request->key);
	free(request);
}

/* We decode segments ourselves, after splitting the path. */
static size_t
keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
	(void) cls;
	(void) connection;
	return strlen(text);
}

static void
log_server(void *cls, const char *format, va_list args)
{
	char *text = mem_vprintf(format, args);

	(void) cls;
	text[strcspn(text, "\n")] = '\0';
	log_line(LOGLEVEL_DEBUG, text, "from", "libmicrohttpd", NULL);
	free(text);
}
