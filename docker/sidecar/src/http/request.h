/*
 * request.h
 *
 * One HTTP request: what it says, and how far it is.
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

/* No Cache-Control: as old an answer as its kind allows */
#define HTTP_AGE_DEFAULT (-1)

typedef struct Request
{
	struct MHD_Connection *connection;
	char	   *method;
	char	   *path;			/* as it came, for the log */
	char	   *segments[HTTP_SEGMENTS];	/* decoded */
	int			segment_count;
	size_t		uri_length;		/* as it came, with what follows the path */
	bool		begun;			/* its headers have been looked at */
	char	   *body;			/* until it is parsed */
	size_t		body_length;
	size_t		body_capacity;
	size_t		body_seen;
	size_t		body_max;		/* what its route takes: bytes, */
	size_t		values_max;		/* and values of JSON */
	bool		body_dropped;	/* there was no room for it */
	json_t	   *value;			/* what the body says: an object, if it is served apart */
	bool		authorized;
	bool		local;			/* by loopback or a Unix socket */
	TokenVerdict token;
	const TokenGrant *grant;	/* what its token lets it do; NULL before that is known */
	char	   *key;			/* Idempotency-Key, or NULL */
	int64_t		started;		/* monotonic_ms() */
	int64_t		max_age_ms;		/* of Cache-Control, or HTTP_AGE_DEFAULT */

	/* Served apart from libmicrohttpd's thread, with its answer in the end */
	bool		apart;
	struct Request *work_next;
	Answer	   *answer;

	/* What its route keeps of it from one run to the next; forget frees that. */
	void	   *kept;
	void		(*forget) (void *kept);
} Request;

/*
 * A route answers, or returns NULL after it put the request to sleep; then it
 * runs again, from the top, when the request is woken.
 */
typedef Answer *(*RouteHandler) (Request *request);

/* The value of a header, or NULL */
extern const char *http_header(Request *request, const char *name);

/* A text from the query, or NULL */
extern const char *http_query(const Request *request, const char *name);

/* Who sent it: an address, or the user and process behind a Unix socket */
extern void http_peer(const Request *request, char *text, size_t size);

/* A number from the query; false if it is there but not within the bounds. */
extern bool http_query_number(Request *request, const char *name,
							  int64_t low, int64_t high, int64_t *value);

/*
 * Decode one path segment in place; false if a % is not followed by two
 * digits, or the result holds a zero byte, a control character or no UTF-8.
 */
extern bool http_decode_segment(char *segment);

/* Split a path into decoded segments; false if it is not a good path. */
extern bool http_split_path(Request *request, const char *path);

/* Does it come by loopback, or a Unix socket? */
extern bool http_is_local(const Request *request);

#endif							/* HTTP_REQUEST_H */
