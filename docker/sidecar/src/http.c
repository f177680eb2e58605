/*
 * http.c
 *
 * The glue to libmicrohttpd: connections, limits, authorization, sleeping
 * requests.  What an address means is the business of routes.c.
 */
#include "http.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <microhttpd.h>

#include "job.h"
#include "job_keys.h"
#include "log.h"
#include "memory.h"
#include "routes.h"
#include "timestamp.h"
#include "token.h"

/* Of a body that is too large so much more is read, so that the sender hears why. */
#define BODY_DISCARD_MAX (1024 * 1024)

/* Request line and headers of one request must fit into this. */
#define CONNECTION_MEMORY (32 * 1024)

#define PATH_MAX_BYTES 1024

#define CONNECTION_LIMIT 256

/* Silence of this many seconds ends a connection that does not sleep. */
#define IDLE_TIMEOUT 30

/* A request must have arrived whole after this, however busily it drips. */
#define ARRIVAL_TIMEOUT_MS 60000

#define LISTEN_BACKLOG 128

/* What notify_connection() tells of each connection. */
typedef struct Connection
{
	struct Connection *next;
	int			fd;
	bool		busy;			/* a whole request has arrived */
	int64_t		since;			/* monotonic_ms() of the last change of busy */
} Connection;

static struct MHD_Daemon *daemon_handle;
static int	listen_fd = -1;
static char *unix_path;
static atomic_bool stopping;
static atomic_int sleeping;

static pthread_mutex_t connections_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t connections_changed;
static Connection *connections;
static pthread_t timer;
static bool timer_stop;

static int	listen_on(const char *listen, char *address, size_t size);
static int	listen_tcp(const char *listen, char *address, size_t size);
static int	listen_unix(const char *path, char *address, size_t size);
static char *read_file(const char *path);
static enum MHD_Result handle(void *cls, struct MHD_Connection *connection,
							  const char *url, const char *method, const char *version,
							  const char *upload_data, size_t *upload_data_size,
							  void **request_cls);
static Answer *check_request(Request *request);
static Answer *keep_key(Request *request);
static Answer *check_authorization(Request *request);
static enum MHD_Result reply(Request *request, Answer *answer);
static void release_body(void *answer);
static void completed(void *cls, struct MHD_Connection *connection,
					  void **request_cls, enum MHD_RequestTerminationCode code);
static void notify_connection(void *cls, struct MHD_Connection *connection,
							  void **socket_context,
							  enum MHD_ConnectionNotificationCode code);
static Connection *connection_of(struct MHD_Connection *connection);
static void set_busy(struct MHD_Connection *connection, bool busy);
static void *timer_main(void *arg);
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text);
static void log_server(void *cls, const char *format, va_list args)
			__attribute__((format(printf, 2, 0)));
static void read_waits(ReadWaiter *waiter);
static void read_ended(ReadWaiter *waiter, Answer *answer);
static const char *header(Request *request, const char *name);
static int64_t cache_control(const char *value);
static bool is_utf8(const char *text);

bool
http_start(const HttpOptions *http_options)
{
	unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO |
		MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
	char	   *cert = NULL;
	char	   *key = NULL;
	char		address[160];
	pthread_condattr_t attributes;

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
	/* the first connection may come at once, and is told of by this */
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&connections_changed, &attributes);
	pthread_condattr_destroy(&attributes);
	listen_fd = listen_on(http_options->listen, address, sizeof(address));
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
							 MHD_OPTION_NOTIFY_CONNECTION, notify_connection, NULL,
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

	if (pthread_create(&timer, NULL, timer_main, NULL) != 0)
	{
		log_line(LOGLEVEL_ERROR, "could not start a thread", NULL);
		return false;
	}
	log_line(LOGLEVEL_INFO, "listening", "address", address,
			 "tls", http_options->tls_cert != NULL ? "yes" : "no",
			 "token", token_configured() ? "yes" : "no", NULL);
	return true;
}

void
http_quiesce(void)
{
	MHD_socket	fd;

	if (daemon_handle == NULL)
		return;
	fd = MHD_quiesce_daemon(daemon_handle);
	if (fd != MHD_INVALID_SOCKET)
		close(fd);
	listen_fd = -1;
	if (unix_path != NULL)
		unlink(unix_path);
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

	pthread_mutex_lock(&connections_lock);
	timer_stop = true;
	pthread_cond_signal(&connections_changed);
	pthread_mutex_unlock(&connections_lock);
	pthread_join(timer, NULL);
	if (atomic_load(&sleeping) == 0)
		MHD_stop_daemon(daemon_handle);
	daemon_handle = NULL;
	free(unix_path);
	unix_path = NULL;
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

bool
http_query_number(Request *request, const char *name,
				  int64_t low, int64_t high, int64_t *value)
{
	const char *text = MHD_lookup_connection_value(request->connection,
												   MHD_GET_ARGUMENT_KIND, name);
	char	   *end;
	long long	number;

	if (text == NULL)
		return true;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' ||
		number < low || number > high)
		return false;
	*value = number;
	return true;
}

bool
http_decode_segment(char *segment)
{
	char	   *out = segment;

	for (const char *in = segment; *in != '\0'; in++)
	{
		unsigned int byte = (unsigned char) *in;

		if (*in == '%')
		{
			char		hex[3] = {in[1], in[1] != '\0' ? in[2] : '\0', '\0'};

			if (!isxdigit((unsigned char) hex[0]) || !isxdigit((unsigned char) hex[1]))
				return false;
			byte = (unsigned int) strtoul(hex, NULL, 16);
			in += 2;
		}
		if (byte < 0x20 || byte == 0x7f)
			return false;
		*out++ = (char) byte;
	}
	*out = '\0';
	return is_utf8(segment);
}

bool
http_split_path(Request *request, const char *path)
{
	if (path[0] != '/' || strlen(path) > PATH_MAX_BYTES)
		return false;
	request->segment_count = 0;
	while (*path == '/')
	{
		size_t		length = strcspn(path + 1, "/");
		char	   *segment = mem_strndup(path + 1, length);

		if (request->segment_count == HTTP_SEGMENTS || !http_decode_segment(segment))
		{
			free(segment);
			return false;
		}
		request->segments[request->segment_count++] = segment;
		path += 1 + length;
	}
	return true;
}

static int
listen_on(const char *listen, char *address, size_t size)
{
	if (strncmp(listen, "unix:", 5) == 0)
		return listen_unix(listen + 5, address, size);
	return listen_tcp(listen, address, size);
}

static int
listen_tcp(const char *where, char *address, size_t size)
{
	char	   *host = mem_strdup(where);
	char	   *port = strrchr(host, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	struct sockaddr_storage bound;
	socklen_t	length = sizeof(bound);
	const char *cause = "it has no port";
	const char *name = host;
	int			on = 1;
	int			fd = -1;
	int			error;

	if (port != NULL)
	{
		*port++ = '\0';
		if (name[0] == '[' && port[-2] == ']')
		{
			port[-2] = '\0';
			name++;
		}
		error = getaddrinfo(name[0] != '\0' && strcmp(name, "*") != 0 ? name : NULL,
							port, &hints, &found);
		if (error != 0)
			cause = gai_strerror(error);
	}
	if (found != NULL)
	{
		fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0 ||
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
			bind(fd, found->ai_addr, found->ai_addrlen) != 0 ||
			listen(fd, LISTEN_BACKLOG) != 0 ||
			getsockname(fd, (struct sockaddr *) &bound, &length) != 0)
		{
			cause = strerror(errno);
			if (fd >= 0)
				close(fd);
			fd = -1;
		}
		freeaddrinfo(found);
	}
	if (fd < 0)
		log_line(LOGLEVEL_ERROR, "could not listen", "address", where, "cause", cause, NULL);
	else
	{
		char		host_text[80];
		char		port_text[16];

		getnameinfo((struct sockaddr *) &bound, length, host_text, sizeof(host_text),
					port_text, sizeof(port_text), NI_NUMERICHOST | NI_NUMERICSERV);
		snprintf(address, size, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s",
				 host_text, port_text);
	}
	free(host);
	return fd;
}

static int
listen_unix(const char *path, char *address, size_t size)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const char *cause = NULL;
	int			fd;

	if (path[0] != '/' || strlen(path) >= sizeof(name.sun_path))
	{
		log_line(LOGLEVEL_ERROR, "could not listen", "address", path, "cause",
				 "the path of a socket must be absolute and short", NULL);
		return -1;
	}
	strcpy(name.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *) &name, sizeof(name)) == 0)
		cause = "another process listens there";
	else if (fd >= 0 && errno == ECONNREFUSED)
		unlink(path);			/* left by one that crashed */
	if (cause == NULL &&
		(fd < 0 || bind(fd, (struct sockaddr *) &name, sizeof(name)) != 0 ||
	/* With a token, the token decides who may in. */
		 chmod(path, token_configured() ? 0666 : 0660) != 0 ||
		 listen(fd, LISTEN_BACKLOG) != 0))
		cause = strerror(errno);
	if (cause != NULL)
	{
		log_line(LOGLEVEL_ERROR, "could not listen", "address", path, "cause", cause, NULL);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	unix_path = mem_strdup(path);
	snprintf(address, size, "unix:%s", path);
	return fd;
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
		answer = check_request(request);
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

	set_busy(connection, true);
	if (request->body_seen > request->body_max)
		answer = answer_errorf("too_large", "the body is larger than %zu bytes", request->body_max);
	else
		answer = routes_dispatch(request);
	if (answer == NULL)
		return MHD_YES;			/* it sleeps */
	return reply(request, answer);
}

/* Refuses what can be refused before the body is read. */
static Answer *
check_request(Request *request)
{
	const char *length = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *type = header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *chunked = header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	Answer	   *answer;

	request->max_age_ms = cache_control(header(request, MHD_HTTP_HEADER_CACHE_CONTROL));
	if (!http_split_path(request, request->path))
		return answer_error("bad_request", "the path of the request is malformed",
							"It is too long, or holds an invalid escape.", NULL);
	answer = check_authorization(request);
	if (answer != NULL)
		return answer;
	request->body_max = routes_body_max(request);
	if (length != NULL && strtoull(length, NULL, 10) > request->body_max)
		return answer_errorf("too_large", "the body is larger than %zu bytes", request->body_max);
	if (((length != NULL && strtoull(length, NULL, 10) > 0) || chunked != NULL) &&
		type != NULL && strncasecmp(type, "application/json", 16) != 0)
		return answer_error("bad_request", "the body must be JSON", NULL,
							"Send it with Content-Type: application/json.");
	return keep_key(request);
}

/*
 * What a caller calls his request, to find out later what became of it.  Only
 * a good one is kept: it becomes part of a job's record.
 */
static Answer *
keep_key(Request *request)
{
	const char *key = header(request, "Idempotency-Key");

	if (key == NULL)
		return NULL;
	if (!job_key_is_valid(key))
		return answer_error("bad_argument", "the header Idempotency-Key is malformed",
							"It has 16 to 64 letters, digits, hyphens and underscores.",
							"Send one that nobody guesses, such as a random UUID.");
	request->key = mem_strdup(key);
	return NULL;
}

static Answer *
check_authorization(Request *request)
{
	const char *authorization = header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	bool		is_health = request->segment_count == 1 &&
		strcmp(request->segments[0], "healthz") == 0;

	switch (token_check(authorization))
	{
		case TOKEN_GOOD:
			break;
		case TOKEN_MISSING:
			if (is_health)
				return NULL;
			return answer_error("unauthorized", "a token is needed", NULL,
								"Send the header Authorization: Bearer, with the content of the sidecar's token file.");
		case TOKEN_WRONG:
			return answer_error("unauthorized", "the token is wrong", NULL,
								"Compare it with the sidecar's token file.");
		case TOKEN_UNREADABLE:
			if (is_health && authorization == NULL)
				return NULL;
			log_line(LOGLEVEL_ERROR, "the token file is empty or cannot be read: nobody may in", NULL);
			return answer_error("unavailable", "the sidecar cannot read its token file",
								NULL, "Look at the sidecar's log.");
	}
	/* Without a token only the address protects us, and a browser is local. */
	if (!token_configured() && header(request, MHD_HTTP_HEADER_ORIGIN) != NULL)
		return answer_error("forbidden", "requests of web pages are refused",
							"The request has the header Origin.", NULL);
	request->authorized = true;
	return NULL;
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
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
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
	set_busy(connection, false);
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

static void
notify_connection(void *cls, struct MHD_Connection *connection,
				  void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	(void) cls;
	pthread_mutex_lock(&connections_lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		Connection *mine = mem_alloc(sizeof(Connection));

		mine->fd = info != NULL ? info->connect_fd : -1;
		mine->since = monotonic_ms();
		mine->next = connections;
		connections = mine;
		*socket_context = mine;
		pthread_cond_signal(&connections_changed);
	}
	else
	{
		for (Connection **link = &connections; *link != NULL; link = &(*link)->next)
		{
			if (*link == *socket_context)
			{
				*link = (*link)->next;
				break;
			}
		}
		free(*socket_context);
		*socket_context = NULL;
	}
	pthread_mutex_unlock(&connections_lock);
}

static Connection *
connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static void
set_busy(struct MHD_Connection *connection, bool busy)
{
	Connection *mine = connection_of(connection);

	if (mine == NULL)
		return;
	pthread_mutex_lock(&connections_lock);
	mine->busy = busy;
	mine->since = monotonic_ms();
	pthread_mutex_unlock(&connections_lock);
}

/*
 * Ends long polls whose time is up and connections that drip.  Idle unless
 * there is a connection.
 */
static void *
timer_main(void *arg)
{
	(void) arg;
	pthread_mutex_lock(&connections_lock);
	while (!timer_stop)
	{
		int64_t		now = monotonic_ms();

		if (connections == NULL)
		{
			pthread_cond_wait(&connections_changed, &connections_lock);
			continue;
		}
		for (Connection *c = connections; c != NULL; c = c->next)
		{
			/* The descriptor is still open: see notify_connection(). */
			if (!c->busy && now - c->since > ARRIVAL_TIMEOUT_MS && c->fd >= 0)
				shutdown(c->fd, SHUT_RDWR);
		}
		pthread_mutex_unlock(&connections_lock);
		jobs_end_waits(now);
		pthread_mutex_lock(&connections_lock);
		if (!timer_stop)
		{
			struct timespec until = monotonic_timespec(now + 200);

			pthread_cond_timedwait(&connections_changed, &connections_lock, &until);
		}
	}
	pthread_mutex_unlock(&connections_lock);
	return NULL;
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

static const char *
header(Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* "no-cache" and "max-age=SECONDS"; the rest does not concern us. */
static int64_t
cache_control(const char *value)
{
	const char *age;

	if (value == NULL)
		return READ_AGE_DEFAULT;
	if (strcasestr(value, "no-cache") != NULL)
		return 0;
	age = strcasestr(value, "max-age=");
	if (age != NULL && age[8] >= '0' && age[8] <= '9')
	{
		long		seconds = strtol(age + 8, NULL, 10);

		return seconds < 86400 ? seconds * 1000 : READ_AGE_DEFAULT;
	}
	return READ_AGE_DEFAULT;
}

static bool
is_utf8(const char *text)
{
	json_t	   *value = json_string(text);	/* jansson checks */

	json_decref(value);
	return value != NULL;
}
