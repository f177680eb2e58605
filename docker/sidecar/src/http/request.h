/*
 * request.h
 *
 * One HTTP request and its state.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/answer.h"
#include "base/token.h"

struct MHD_Connection;

#define PATH_MAX_BYTES 1024

#define HTTP_SEGMENTS 8

/* Without Cache-Control: the age that its kind of answer allows */
#define HTTP_AGE_DEFAULT (-1)

typedef struct Request
{
	struct MHD_Connection *connection;
	char *method;
	char *path;					   /* undecoded, for the log */
	char *segments[HTTP_SEGMENTS]; /* decoded */
	int segment_count;
	size_t uri_length; /* undecoded, including the query */
	bool begun;		   /* its headers have been checked */
	char *body;		   /* until it is parsed */
	size_t body_length;
	size_t body_capacity;
	size_t body_seen;
	size_t body_max;   /* limits of its route: bytes of the body, */
	size_t values_max; /* and JSON values in it */
	bool body_dropped; /* there was no room for it */
	json_t *value;	   /* body as a JSON object, if served apart */
	bool authorized;
	TokenVerdict token;
	const TokenGrant *grant; /* permissions of its token; NULL before the check */
	const char *route;		 /* of the service, static, for its counters; NULL: none */
	bool open;				 /* came by the listener that asks for no token */
	char *key;				 /* Idempotency-Key, or NULL */
	int64_t started;		 /* monotonic_ms() */
	int64_t max_age_ms;		 /* of Cache-Control, or HTTP_AGE_DEFAULT */

	/* Served in a thread of its own, not libmicrohttpd's; answer is the result */
	bool apart;
	struct Request *work_next;
	Answer *answer;

	/* State that the route keeps from one run to the next; forget() frees it. */
	void *kept;
	void (*forget)(void *kept);
} Request;

/*
 * A route returns an answer, or NULL after it suspended the request.  It then
 * runs again, from the start, when the request is resumed.
 */
typedef Answer *(*RouteHandler)(Request *request);

/* The value of a header, or NULL */
extern const char *http_header(const Request *request, const char *name);

/* A parameter of the query, or NULL */
extern const char *http_query(const Request *request, const char *name);

/* A number from the query; false if present but out of bounds. */
extern bool http_query_number(Request *request, const char *name, int64_t low, int64_t high,
							  int64_t *value);

/*
 * Decode one path segment in place; false if a % is not followed by two hex
 * digits, or the result has a zero byte, control characters or invalid UTF-8.
 */
extern bool http_decode_segment(char *segment);

/* Split a path into decoded segments; false if it is malformed. */
extern bool http_split_path(Request *request, const char *path);

#endif /* HTTP_REQUEST_H */
