/*
 * service.h
 *
 * The HTTP server, and the callbacks of its user.
 */
#ifndef HTTP_SERVICE_H
#define HTTP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/answer.h"
#include "base/http_limits.h"
#include "http/request.h"

/*
 * The callbacks that connect HTTP to routes and jobs, which it does not know.
 *
 * admit: called when the headers are complete, the path is split and the
 * caller's token is checked.  Returns NULL, after setting body_max, values_max,
 * apart and key; or a refusal, for which no body is read.
 *
 * answer: called in libmicrohttpd's thread, which all requests wait for.  If
 * the request is served apart, called in the one thread for these, with its
 * body parsed into value.
 *
 * tick: called a few times a second while there is a connection.
 *
 * answered: called for each answer, with its HTTP status.
 */
typedef struct HttpService
{
	Answer *(*admit)(Request *request);
	RouteHandler answer;
	void (*tick)(int64_t now);
	void (*answered)(const Request *request, int status);
} HttpService;

typedef struct HttpOptions
{
	const char *listen;
	const char *open_listen; /* where requests need no token: admit sees request->open; or NULL */
	const char *tls_cert;
	const char *tls_key;
	HttpLimits limits;
	HttpService service;
} HttpOptions;

extern bool http_start(const HttpOptions *options);

/* Accept no new connections, then no new requests. */
extern void http_quiesce(void);
extern bool http_stopping(void);

/* Reread the certificate and key; open connections continue. */
extern void http_reload(void);

/* Wakes no request: all must have been woken before. */
extern void http_stop(void);

#endif /* HTTP_SERVICE_H */
