/*
 * http.c
 *
 * The glue to libmicrohttpd: the server, and the life of a request from the
 * first call to the reply, asleep in between.  Knows no address: what one means
 * is the business of the service that it is given.
 */
#include "http_internal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "memory.h"
#include "timestamp.h"
#include "token.h"

/* Of a body that is too large so much more is read, so that the sender hears why. */
#define BODY_DISCARD_MAX (1024 * 1024)

/* Request line and headers of one request must fit into this. */
#define CONNECTION_MEMORY (32 * 1024)

#define CONNECTION_LIMIT 256

/* Silence of this many seconds ends a connection that does not sleep. */
#define IDLE_TIMEOUT 30

HttpService http_service;

static struct MHD_Daemon *daemon_handle;
static int	listen_fd = -1;
static atomic_bool stopping;
static atomic_int sleeping;

static char *read_file(const char *path);
static enum MHD_Result handle(void *cls, struct MHD_Connection *connection,
							  const char *url, const char *method, const char *version,
							  const char *upload_data, size_t *upload_data_size,
							  void **request_cls);
static enum MHD_Result reply(Request *request, Answer *answer);
static void release_body(void *answer);
static void completed(void *cls, struct MHD_Connection *connection,
					  void **request_cls, enum MHD_RequestTerminationCode code);
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text);
static void log_server(void *cls, const char *format, va_list args)
			__attribute__((format(printf, 2, 0)));
static void read_waits(ReadWaiter *waiter);
static void read_ended(ReadWaiter *waiter, Answer *answer);

bool
http_start(const HttpOptions *http_options)
{
	/* its epoll mode may abort when it stops listening, and few connections need none */
	unsigned int flags = MHD_USE_POLL_INTERNAL_THREAD |
		MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
	char	   *cert = NULL;
	char	   *key = NULL;
	char		address[160];

	if (http_options->tls_cert != NULL)
	{
		if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
		{
			log_line(LOGLEVEL_ERROR, "this libmicrohttpd cannot do TLS", NULL);
			return false;
		}
		cert = read_file(http_options->tls_cert);
		key = read_file(http_options->tls_key);
		if (cert == NULL || key == NULL)
		{
			free(cert);
			free(key);
			return false;
		}
		flags |= MHD_USE_TLS;
	}
	http_service = http_options->service;
	/* the first connection may come at once, and is told of by this */
	http_connections_init();
	listen_fd = http_listen(http_options->listen, address, sizeof(address));
	if (listen_fd >= 0)
	{
		struct MHD_OptionItem tls[] = {
			{MHD_OPTION_HTTPS_MEM_CERT, 0, cert},
			{MHD_OPTION_HTTPS_MEM_KEY, 0, key},
			{MHD_OPTION_END, 0, NULL}
		};
		struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

		daemon_handle =
			MHD_start_daemon(flags, 0, NULL, NULL, handle, NULL,
							 MHD_OPTION_EXTERNAL_LOGGER, log_server, NULL,
							 MHD_OPTION_LISTEN_SOCKET, listen_fd,
							 MHD_OPTION_CONNECTION_LIMIT, (unsigned int) CONNECTION_LIMIT,
							 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int) IDLE_TIMEOUT,
							 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) CONNECTION_MEMORY,
							 MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
							 MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
							 MHD_OPTION_NOTIFY_CONNECTION, http_connection_notify, NULL,
							 MHD_OPTION_ARRAY, cert != NULL ? tls : none,
							 MHD_OPTION_END);
		if (daemon_handle == NULL)
		{
			log_line(LOGLEVEL_ERROR, "could not start the HTTP server", NULL);
			close(listen_fd);
			listen_fd = -1;
		}
	}
	free(cert);
	free(key);
	if (daemon_handle == NULL)
		return false;

	if (!http_connections_watch())
	{
		log_line(LOGLEVEL_ERROR, "could not start a thread", NULL);
		return false;
	}
	log_line(LOGLEVEL_INFO, "listening", "address", address,
			 "tls", http_options->tls_cert != NULL ? "yes" : "no",
			 "token", token_configured() ? "yes" : "no", NULL);
	return true;
}

static char *
read_file(const char *path)
{
	FILE	   *file = fopen(path, "re");
	char	   *text = NULL;
	size_t		length = 0;

	if (file != NULL)
	{
		text = mem_alloc(65536);
		length = fread(text, 1, 65535, file);
		fclose(file);
	}
	if (length == 0)
	{
		log_line(LOGLEVEL_ERROR, "could not read file", "path", path,
				 "cause", file == NULL ? strerror(errno) : "it is empty", NULL);
		free(text);
		return NULL;
	}
	return text;
}

void
http_quiesce(void)
{
	if (daemon_handle == NULL)
		return;
	/* libmicrohttpd's thread may be waiting at the socket: it is closed after that has ended */
	MHD_quiesce_daemon(daemon_handle);
	shutdown(listen_fd, SHUT_RDWR);
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
	int64_t		until = monotonic_ms() + 2000;

	if (daemon_handle == NULL)
		return;
	/* libmicrohttpd aborts if it is stopped while a request sleeps. */
	while (atomic_load(&sleeping) > 0 && monotonic_ms() < until)
		usleep(5000);
	usleep(20000);				/* let the last answers leave */

	http_connections_unwatch();
	if (atomic_load(&sleeping) == 0)
	{
		MHD_stop_daemon(daemon_handle);
		close(listen_fd);
	}
	daemon_handle = NULL;
	listen_fd = -1;
}

/*
 * libmicrohttpd calls this when the headers are there, for each piece of the
 * body, when all is there, and again each time the request was woken.
 */
static enum MHD_Result
handle(void *cls, struct MHD_Connection *connection,
	   const char *url, const char *method, const char *version,
	   const char *upload_data, size_t *upload_data_size, void **request_cls)
{
	Request    *request = *request_cls;
	Answer	   *answer;

	(void) cls;
	(void) version;
	if (request == NULL)
	{
		request = mem_alloc(sizeof(Request));
		*request_cls = request;
		request->connection = connection;
		request->method = mem_strdup(method);
		request->path = mem_strndup(url, strnlen(url, PATH_MAX_BYTES + 1));
		request->started = monotonic_ms();
		answer = http_refuse_early(request);
		return answer != NULL ? reply(request, answer) : MHD_YES;
	}
	if (*upload_data_size > 0)
	{
		size_t		size = *upload_data_size;

		*upload_data_size = 0;
		request->body_seen += size;
		if (request->body_seen > request->body_max + BODY_DISCARD_MAX)
			return MHD_NO;		/* closes the connection */
		if (request->body_seen <= request->body_max)
		{
			request->body = mem_realloc(request->body, request->body_length + size + 1);
			memcpy(request->body + request->body_length, upload_data, size);
			request->body_length += size;
			request->body[request->body_length] = '\0';
		}
		return MHD_YES;
	}

	http_connection_busy(connection, true);
	if (request->body_seen > request->body_max)
		answer = answer_errorf("too_large", "the body is larger than %zu bytes", request->body_max);
	else
		answer = http_service.answer(request);
	if (answer == NULL)
		return MHD_YES;			/* it sleeps */
	return reply(request, answer);
}

/* Gives the answer's reference to libmicrohttpd. */
static enum MHD_Result
reply(Request *request, Answer *answer)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	char		text[32];
	int			status = answer->status;

	response = MHD_create_response_from_buffer_with_free_callback_cls(answer->length,
																	  answer->body,
																	  release_body,
																	  answer);
	if (response == NULL)
	{
		answer_release(answer);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (answer->cached)
	{
		snprintf(text, sizeof(text), "%lld",
				 (long long) (monotonic_ms() - answer->made) / 1000);
		MHD_add_response_header(response, MHD_HTTP_HEADER_AGE, text);
	}
	if (answer->location != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, answer->location);
	if (answer->allow != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
	if (status == 401)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
								"Bearer realm=\"barman-sidecar\"");
	if (status == 429 || status == 503)
	{
		snprintf(text, sizeof(text), "%d", answer->retry_after > 0 ? answer->retry_after : 1);
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, text);
	}
	result = MHD_queue_response(request->connection, (unsigned int) status, response);
	MHD_destroy_response(response);

	{
		char		code[16];
		char		elapsed[32];

		snprintf(code, sizeof(code), "%d", status);
		snprintf(elapsed, sizeof(elapsed), "%lld",
				 (long long) (monotonic_ms() - request->started));
		log_line(LOGLEVEL_DEBUG, "request", "method", request->method,
				 "path", request->path, "status", code, "ms", elapsed, NULL);
	}
	return result;
}

static void
release_body(void *answer)
{
	answer_release(answer);
}

static void
completed(void *cls, struct MHD_Connection *connection,
		  void **request_cls, enum MHD_RequestTerminationCode code)
{
	Request    *request = *request_cls;

	(void) cls;
	(void) code;
	*request_cls = NULL;
	if (request == NULL)
		return;
	http_connection_busy(connection, false);
	for (int i = 0; i < request->segment_count; i++)
		free(request->segments[i]);
	for (int i = 0; i < HTTP_READS; i++)
	{
		free(request->reads[i].server);
		free(request->reads[i].argument);
		answer_release(request->reads[i].answer);
	}
	free(request->method);
	free(request->path);
	free(request->body);
	free(request->key);
	free(request);
}

/* We decode segments ourselves, after the path was split. */
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
	char	   *text = mem_vprintf(format, args);

	(void) cls;
	text[strcspn(text, "\n")] = '\0';
	log_line(LOGLEVEL_DEBUG, text, "from", "libmicrohttpd", NULL);
	free(text);
}

void
http_suspend(Request *request)
{
	atomic_fetch_add(&sleeping, 1);
	MHD_suspend_connection(request->connection);
}

void
http_resume(Request *request)
{
	MHD_resume_connection(request->connection);
	atomic_fetch_sub(&sleeping, 1);
}

Answer *
http_read(Request *request, ReadKind kind, const char *server, const char *argument)
{
	ReadTarget	target = {kind, server, argument};
	Answer	   *answer;

	for (int i = 0; i < request->read_count; i++)
	{
		if (request->reads[i].kind == kind &&
			strcmp(request->reads[i].server, server) == 0 &&
			strcmp(request->reads[i].argument, argument) == 0)
			return answer_keep(request->reads[i].answer);
	}
	if (request->read_count == HTTP_READS)
		return answer_error(BARMAN_INTERNAL, "too many reads in one request", NULL, NULL);

	/* Where read_ended() will put the answer. */
	request->reads[request->read_count].kind = kind;
	request->reads[request->read_count].server = mem_strdup(server);
	request->reads[request->read_count].argument = mem_strdup(argument);
	request->waiter.wait = read_waits;
	request->waiter.wake = read_ended;
	answer = reads_get(&target, request->max_age_ms, &request->waiter);
	if (answer != NULL)
	{
		request->reads[request->read_count].answer = answer_keep(answer);
		request->read_count++;
	}
	return answer;
}

static void
read_waits(ReadWaiter *waiter)
{
	http_suspend((Request *) (void *) ((char *) waiter - offsetof(Request, waiter)));
}

static void
read_ended(ReadWaiter *waiter, Answer *answer)
{
	Request    *request = (Request *) (void *) ((char *) waiter - offsetof(Request, waiter));

	request->reads[request->read_count++].answer = answer;
	http_resume(request);
}
