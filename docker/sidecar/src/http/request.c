/*
 * request.c
 *
 * The request line and headers of a request: its caller and its path.  Does not
 * read the body.
 */
#include "http/request.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "base/memory.h"

static const struct sockaddr *peer_address(const Request *request);
static bool is_utf8(const char *text);

static const struct sockaddr *
peer_address(const Request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL ? info->client_addr : NULL;
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

const char *
http_header(Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
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
	json_t	   *value = json_string(text);	/* jansson checks that it is UTF-8 */

	json_decref(value);
	return value != NULL;
}
