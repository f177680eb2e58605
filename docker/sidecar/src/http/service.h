/*
 * service.h
 *
 * The HTTP server, and what it is given to call.
 */
#ifndef HTTP_SERVICE_H
#define HTTP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/answer.h"
#include "base/http_limits.h"
#include "http/request.h"

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

extern bool http_start(const HttpOptions *options);

/* No new connections; then no new requests. */
extern void http_quiesce(void);
extern bool http_stopping(void);

/* Reads the certificate and key again; what is under way goes on. */
extern void http_reload(void);

/* Wakes nobody: who sleeps must have been woken before. */
extern void http_stop(void);

#endif							/* HTTP_SERVICE_H */
