/*
 * http_request.c
 *
 * What a request says in its first line and headers: who asks, for what, and
 * how fresh the answer must be.  Never reads the body.
 */
#include "http_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "memory.h"
#include "token.h"

static Answer *check_authorization(Request *request);
static int64_t cache_control(const char *value);
static bool is_utf8(const char *text);

Answer *
http_refuse_early(Request *request)
{
	const char *length = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *type = http_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *chunked = http_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	Answer	   *answer;

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
	if (length != NULL && strtoull(length, NULL, 10) > request->body_max)
		return answer_errorf("too_large", "the body is larger than %zu bytes", request->body_max);
	if (((length != NULL && strtoull(length, NULL, 10) > 0) || chunked != NULL) &&
		type != NULL && strncasecmp(type, "application/json", 16) != 0)
		return answer_error("bad_request", "the body must be JSON", NULL,
							"Send it with Content-Type: application/json.");
	return NULL;
}

static Answer *
check_authorization(Request *request)
{
	const char *authorization = http_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
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
	if (!token_configured() && http_header(request, MHD_HTTP_HEADER_ORIGIN) != NULL)
		return answer_error("forbidden", "requests of web pages are refused",
							"The request has the header Origin.", NULL);
	request->authorized = true;
	return NULL;
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
