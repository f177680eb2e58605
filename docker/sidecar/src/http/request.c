/*
 * request.c
 *
 * The request line and headers of a request: its path, its query, and one
 * header by its name.  Does not read the body.
 */
#include "http/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "base/memory.h"

static bool is_utf8(const char *text);

const char *
http_header(const Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *
http_query(const Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool
http_query_number(Request *request, const char *name, int64_t low, int64_t high, int64_t *value)
{
	const char *text = http_query(request, name);
	char *end;
	long long number;

	if (text == NULL)
		return true;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || number < low || number > high)
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
		size_t length = strcspn(path + 1, "/");
		char *segment = mem_strndup(path + 1, length);

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
	char *out = segment;

	for (const char *in = segment; *in != '\0'; in++)
	{
		unsigned int byte = (unsigned char) *in;

		if (*in == '%')
		{
			char hex[3] = {in[1], in[1] != '\0' ? in[2] : '\0', '\0'};

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
	json_t *value = json_string(text); /* jansson checks that it is UTF-8 */

	json_decref(value);
	return value != NULL;
}
