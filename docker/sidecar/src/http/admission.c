/*
 * admission.c
 *
 * Refuses requests that can be refused before the body is read: by caller,
 * path, size of the body, and age of the answer.
 */
#include "http/admission.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "base/token.h"
#include "http/body.h"
#include "http/headers.h"

static Answer *check_authorization(Request *request);
static bool is_of_page(Request *request);
static int64_t cache_control(const char *value);

Answer *
http_refuse_early(Request *request, const char *version, Answer *(*admit)(Request *request))
{
	const char *length = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *type = http_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *chunked = http_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	size_t declared;
	Answer *answer = http_headers_refuse(request, version);

	if (answer != NULL)
		return answer;
	request->max_age_ms = cache_control(http_header(request, MHD_HTTP_HEADER_CACHE_CONTROL));
	if (!http_split_path(request, request->path))
		return answer_error("bad_request", "the path of the request is malformed",
							"It is too long, or holds an invalid escape.", NULL);
	answer = check_authorization(request);
	if (answer != NULL)
		return answer;
	answer = admit(request);
	if (answer != NULL)
		return answer;
	declared = length != NULL ? strtoull(length, NULL, 10) : 0;
	if ((declared > 0 || chunked != NULL) && request->body_max == 0)
		return answer_error("bad_request", "this request takes no body", NULL, NULL);
	if (declared > request->body_max)
		return http_body_too_large(request);
	if ((declared > 0 || chunked != NULL) && type != NULL &&
		strncasecmp(type, "application/json", 16) != 0)
		return answer_error("bad_request", "the body must be JSON", NULL,
							"Send it with Content-Type: application/json.");
	if (!http_body_would_fit(declared))
		return http_body_no_room();
	return NULL;
}

/* Evaluates the caller's token; the service decides whether its scope suffices. */
static Answer *
check_authorization(Request *request)
{
	request->token = token_check(http_header(request, MHD_HTTP_HEADER_AUTHORIZATION),
								 &request->grant);
	if ((!token_configured() || request->open) && is_of_page(request))
		return answer_error("forbidden", "requests of web pages are refused",
							"The request has the header Origin, or Sec-Fetch-Site says that a page of another site sends it.",
							NULL);
	request->authorized = request->token == TOKEN_GOOD;
	return NULL;
}

/* Without a token only the address protects us, and a local browser can reach it. */
static bool
is_of_page(Request *request)
{
	const char *site = http_header(request, "Sec-Fetch-Site");

	return http_header(request, MHD_HTTP_HEADER_ORIGIN) != NULL ||
		   (site != NULL && strcmp(site, "none") != 0 && strcmp(site, "same-origin") != 0);
}

/* Understands "no-cache" and "max-age=SECONDS", and ignores the rest. */
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
		long seconds = strtol(age + 8, NULL, 10);

		return seconds < 86400 ? seconds * 1000 : HTTP_AGE_DEFAULT;
	}
	return HTTP_AGE_DEFAULT;
}
