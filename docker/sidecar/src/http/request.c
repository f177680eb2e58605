/*
 * request.c
 *
 * What a request says in its first line and headers: who asks, for what, and
 * how fresh the answer must be.  Never reads the body.
 */
#include "http/inside.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "base/token.h"
#include "http/body.h"

static Answer *check_authorization(Request *request);
static bool is_local(const Request *request);
static const struct sockaddr *peer_address(const Request *request);
static bool is_of_page(Request *request);
static int64_t cache_control(const char *value);
static bool is_utf8(const char *text);

Answer *
http_refuse_early(Request *request, const char *version)
{
	const char *length = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *type = http_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *chunked = http_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	size_t		declared;
	Answer	   *answer = http_headers_refuse(request, version);

	if (answer != NULL)
		return answer;
	request->local = is_local(request);
	request->max_age_ms = cache_control(http_header(request, MHD_HTTP_HEADER_CACHE_CONTROL));
	if (!http_split_path(request, request->path))
		return answer_error("bad_request", "the path of the request is malformed",
							"It is too long, or holds an invalid escape.", NULL);
	answer = check_authorization(request);
	if (answer != NULL)
		return answer;
	answer = http_service.admit(request);
	if (answer != NULL)
		return answer;
	declared = length != NULL ? strtoull(length, NULL, 10) : 0;
	if ((declared > 0 || chunked != NULL) && request->body_max == 0)
		return answer_error("bad_request", "this request takes no body", NULL, NULL);
	if (declared > request->body_max)
		return answer_errorf("too_large", "the body is larger than %zu bytes", request->body_max);
	if ((declared > 0 || chunked != NULL) &&
		type != NULL && strncasecmp(type, "application/json", 16) != 0)
		return answer_error("bad_request", "the body must be JSON", NULL,
							"Send it with Content-Type: application/json.");
	if (!http_body_would_fit(declared))
		return answer_error("unavailable", "there is no room for the body", NULL,
							"Others are sending theirs.  Try again later.");
	return NULL;
}

/* What the caller's token is worth; whether that is enough, the service says. */
static Answer *
check_authorization(Request *request)
{
	request->token = token_check(http_header(request, MHD_HTTP_HEADER_AUTHORIZATION), &request->grant);
	if (!token_configured() && is_of_page(request))
		return answer_error("forbidden", "requests of web pages are refused",
							"The request has the header Origin, or Sec-Fetch-Site says that a page of another site sends it.",
							NULL);
	request->authorized = request->token == TOKEN_GOOD;
	return NULL;
}

static const struct sockaddr *
peer_address(const Request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL ? info->client_addr : NULL;
}

static bool
is_local(const Request *request)
{
	const struct sockaddr *peer = peer_address(request);

	if (peer == NULL)
		return false;
	switch (peer->sa_family)
	{
		case AF_UNIX:
			return true;
		case AF_INET:
			return (ntohl(((const struct sockaddr_in *) (const void *) peer)->sin_addr.s_addr) >> 24) == 127;
		case AF_INET6:
			return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *) (const void *) peer)->sin6_addr);
		default:
			return false;
	}
}

void
http_peer(const Request *request, char *text, size_t size)
{
	const struct sockaddr *peer = request->connection != NULL ? peer_address(request) : NULL;
	const union MHD_ConnectionInfo *info;
	struct ucred who;
	socklen_t	length = sizeof(who);

	snprintf(text, size, "unknown");
	if (peer == NULL)
		return;
	if (peer->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *) (const void *) peer)->sin_addr, text, (socklen_t) size);
	else if (peer->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *) (const void *) peer)->sin6_addr, text, (socklen_t) size);
	else if (peer->sa_family == AF_UNIX &&
			 (info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)) != NULL &&
			 getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0)
		snprintf(text, size, "uid %u, pid %d", (unsigned int) who.uid, (int) who.pid);
}

/* Without a token only the address protects us, and a browser is local. */
static bool
is_of_page(Request *request)
{
	const char *site = http_header(request, "Sec-Fetch-Site");

	return http_header(request, MHD_HTTP_HEADER_ORIGIN) != NULL ||
		(site != NULL && strcmp(site, "none") != 0 && strcmp(site, "same-origin") != 0);
}

const char *
http_header(Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* "no-cache" and "max-age=SECONDS"; the rest does not concern us. */
static int64_t
cache_control(const char *value)
{
	const char *age;

	if (value == NULL)
		return HTTP_AGE_DEFAULT;
	if (strcasestr(value, "no-cache") != NULL)
		return 0;
	age = strcasestr(value, "max-age=");
	if (age != NULL && age[8] >= '0' && age[8] <= '9')
	{
		long		seconds = strtol(age + 8, NULL, 10);

		return seconds < 86400 ? seconds * 1000 : HTTP_AGE_DEFAULT;
	}
	return HTTP_AGE_DEFAULT;
}

const char *
http_query(const Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool
http_query_number(Request *request, const char *name,
				  int64_t low, int64_t high, int64_t *value)
{
	const char *text = http_query(request, name);
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

static bool
is_utf8(const char *text)
{
	json_t	   *value = json_string(text);	/* jansson checks */

	json_decref(value);
	return value != NULL;
}
