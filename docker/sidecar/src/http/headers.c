/*
 * headers.c
 *
 * Refuses a request whose headers are ambiguous (request smuggling), and one
 * meant for another host.  Ignores the path.
 */
#include "http/headers.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "http/connection.h"

#define HOST_NAMES_MAX 32

/* Refuse a duplicate of these, because we would use only one of the two. */
static const char *const single[] = {
	MHD_HTTP_HEADER_AUTHORIZATION,
	MHD_HTTP_HEADER_CONTENT_LENGTH,
	MHD_HTTP_HEADER_CONTENT_TYPE,
	MHD_HTTP_HEADER_HOST,
	MHD_HTTP_HEADER_TRANSFER_ENCODING,
	MHD_HTTP_HEADER_ORIGIN,
	"Idempotency-Key",
	"Sec-Fetch-Site",
};

#define SINGLES (sizeof(single) / sizeof(single[0]))

typedef struct Survey
{
	int seen[SINGLES];
	size_t bytes; /* of the lines, as "Name: value" */
	bool bad_name;
	bool bad_value;
} Survey;

static char *host_names[HOST_NAMES_MAX];
static int host_count;

static enum MHD_Result survey_header(void *cls, enum MHD_ValueKind kind, const char *key,
									 size_t key_size, const char *value, size_t value_size);
static bool is_token(const char *text, size_t size);
static Answer *malformed(const char *why);
static bool lines_are_whole(Request *request, const Survey *survey);
static bool host_is_ours(Request *request, const char *host);
static bool is_address_of(int fd, const char *host);

void
http_host_allow(const char *name)
{
	if (host_count < HOST_NAMES_MAX && name[0] != '\0')
		host_names[host_count++] = mem_strdup(name);
}

void
http_hosts_forget(void)
{
	while (host_count > 0)
		free(host_names[--host_count]);
}

Answer *
http_headers_refuse(Request *request, const char *version)
{
	Survey survey = {0};
	const char *length = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *encoding = http_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	const char *host = http_header(request, MHD_HTTP_HEADER_HOST);

	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, survey_header, &survey);
	if (strcmp(version, MHD_HTTP_VERSION_1_1) != 0 && strcmp(version, MHD_HTTP_VERSION_1_0) != 0)
		return malformed("The version is neither HTTP/1.1 nor HTTP/1.0.");
	if (survey.bad_name)
		return malformed("The name of a header holds a character that names do not have.");
	if (survey.bad_value)
		return malformed("The value of a header holds a control character.");
	for (size_t i = 0; i < SINGLES; i++)
	{
		if (survey.seen[i] > 1)
			return malformed("A header is there twice.");
	}
	if (encoding != NULL &&
		(strcasecmp(encoding, "chunked") != 0 || strcmp(version, MHD_HTTP_VERSION_1_1) != 0))
		return malformed("The only Transfer-Encoding is chunked.");
	if (encoding != NULL && length != NULL)
		return malformed("There are both Content-Length and Transfer-Encoding.");
	if (length != NULL &&
		(length[0] == '\0' || strlen(length) > 18 || strspn(length, "0123456789") != strlen(length)))
		return malformed("Content-Length is not a number.");
	if (!lines_are_whole(request, &survey))
		return malformed("A line is not written as \"Name: value\", or holds a zero byte.");
	if (host == NULL)
		return malformed("The header Host is missing.");
	if (!host_is_ours(request, host))
		return answer_error("misdirected", "the request is for another host",
							"Its header Host does not name this sidecar: a web page may have had its name point here.",
							"Use an address on which the sidecar listens, or start it with --host-name.");
	return NULL;
}

static enum MHD_Result
survey_header(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size,
			  const char *value, size_t value_size)
{
	Survey *survey = cls;

	(void) kind;
	survey->bytes += key_size + 2 + value_size + 2;
	survey->bad_name = survey->bad_name || !is_token(key, key_size);
	for (size_t i = 0; i < value_size; i++)
	{
		unsigned char c = (unsigned char) value[i];

		survey->bad_value = survey->bad_value || (c < 0x20 && c != '\t') || c == 0x7f;
	}
	for (size_t i = 0; i < SINGLES; i++)
		survey->seen[i] += strcasecmp(key, single[i]) == 0;
	return MHD_YES;
}

static bool
is_token(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
	{
		if (!isalnum((unsigned char) text[i]) &&
			(text[i] == '\0' || strchr("!#$%&'*+-.^_`|~", text[i]) == NULL))
			return false;
	}
	return size > 0;
}

static Answer *
malformed(const char *why)
{
	return answer_error("bad_request", "the request is malformed", why, NULL);
}

/*
 * libmicrohttpd before 1.0 ends a line at a zero byte and joins a line that
 * begins with a blank to the previous one, without notice.  Its lines are then
 * shorter than the header that it read.  Later versions refuse such headers.
 */
static bool
lines_are_whole(Request *request, const Survey *survey)
{
#if MHD_VERSION < 0x01000000
	const union MHD_ConnectionInfo *info;
	size_t first_line;

	info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	first_line = strlen(request->method) + 1 + request->uri_length + 1 +
				 strlen(MHD_HTTP_VERSION_1_1) + 2;
	return info != NULL && info->header_size == first_line + survey->bytes + 2;
#else
	(void) request;
	(void) survey;
	return true;
#endif
}

/*
 * With DNS rebinding, a page's host name resolves to our address, and the
 * browser sends that name in Host.  Browsers do not connect to Unix sockets.
 */
static bool
host_is_ours(Request *request, const char *host)
{
	const union MHD_ConnectionInfo *info;
	size_t length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	char name[256];

	if (http_connection_is_unix(request->connection))
		return true;
	if (length == 0 || length >= sizeof(name) || length > strlen(host))
		return false;
	if (host[length] != '\0' && (host[length] != ':' || strspn(host + length + 1, "0123456789") !=
															strlen(host + length + 1)))
		return false;
	memcpy(name, host, length);
	name[length] = '\0';
	if (strcasecmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0 ||
		strcmp(name, "[::1]") == 0)
		return true;
	for (int i = 0; i < host_count; i++)
	{
		if (strcasecmp(name, host_names[i]) == 0)
			return true;
	}
	info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info != NULL && is_address_of(info->connect_fd, name);
}

/* Is host the local address of this connection? */
static bool
is_address_of(int fd, const char *host)
{
	struct sockaddr_storage mine;
	socklen_t length = sizeof(mine);
	struct in_addr four;
	struct in6_addr six;
	char text[INET6_ADDRSTRLEN];
	size_t size = strlen(host);

	if (getsockname(fd, (struct sockaddr *) &mine, &length) != 0)
		return false;
	if (mine.ss_family == AF_INET)
		return inet_pton(AF_INET, host, &four) == 1 &&
			   four.s_addr == ((struct sockaddr_in *) &mine)->sin_addr.s_addr;
	if (mine.ss_family != AF_INET6)
		return false;
	if (inet_pton(AF_INET, host, &four) == 1)
		return IN6_IS_ADDR_V4MAPPED(&((struct sockaddr_in6 *) &mine)->sin6_addr) &&
			   memcmp(&((struct sockaddr_in6 *) &mine)->sin6_addr.s6_addr[12], &four, 4) == 0;
	if (size < 3 || size - 2 >= sizeof(text) || host[0] != '[')
		return false;
	memcpy(text, host + 1, size - 2);
	text[size - 2] = '\0';
	return inet_pton(AF_INET6, text, &six) == 1 &&
		   memcmp(&six, &((struct sockaddr_in6 *) &mine)->sin6_addr, sizeof(six)) == 0;
}
