/*
 * service.h
 *
 * One HTTP request, from libmicrohttpd to a route and back.
 */
#ifndef HTTP_SERVICE_H
#define HTTP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/answer.h"
#include "base/http_limits.h"
#include "base/token.h"

struct MHD_Connection;

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

/*
 * What HTTP is given to call: it knows no route and no job.
 *
 * admit: the headers are there, the path is split, and it is known what the
 * caller's token is worth.  NULL, after it set body_max, values_max, apart and key; or
 * the refusal, for which no body is read.
 *
 * answer: in libmicrohttpd's thread, which everybody waits for; or, for a
 * request that is served apart, in the one thread for these, with its body
 * parsed into value.
 *
 * tick: some times a second while there is a connection.
 */
typedef struct HttpService
{
	Answer	   *(*admit) (Request *request);
	RouteHandler answer;
	void		(*tick) (int64_t now);
} HttpService;

typedef struct HttpOptions
{
	const char *listen;
	const char *tls_cert;
	const char *tls_key;
	HttpLimits	limits;
	HttpService service;
} HttpOptions;

/* What a connection is about; its time is counted from when that began. */
typedef enum HttpStage
{
	HTTP_ARRIVES,				/* until the headers are there: TLS, too */
	HTTP_SENDS_BODY,
	HTTP_IS_SERVED,
	HTTP_TAKES_ANSWER,
	HTTP_IDLES
} HttpStage;

#define HTTP_STAGES (HTTP_IDLES + 1)

typedef struct HttpCounters
{
	int			connections[HTTP_STAGES];
	int			waits;
	size_t		body_bytes;
	uint64_t	refused;		/* connections for which there was no room */
	uint64_t	displaced;		/* ended to make room */
	uint64_t	timeouts[HTTP_STAGES];
	uint64_t	waits_refused;
	uint64_t	bodies_refused;
} HttpCounters;

extern HttpCounters http_counters(void);

extern bool http_start(const HttpOptions *options);

/* No new connections; then no new requests. */
extern void http_quiesce(void);
extern bool http_stopping(void);

/* A name that callers may send in the header Host; before http_start() */
extern void http_host_allow(const char *name);

/* Reads the certificate and key again; what is under way goes on. */
extern void http_reload(void);

/* Wakes nobody: who sleeps must have been woken before. */
extern void http_stop(void);

/*
 * Sleep and wake.  The caller holds the lock of the list that the request is
 * on, so nobody can wake it before it sleeps.
 */
extern void http_suspend(Request *request);
extern void http_resume(Request *request);

/* False: too many long polls are waiting, in all or from its address. */
extern bool http_may_wait(Request *request);

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

#endif							/* HTTP_SERVICE_H */
