/*
 * http_internal.h
 *
 * What the http*.c files share among themselves.
 */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <microhttpd.h>

#include "http.h"

#define PATH_MAX_BYTES 1024

extern HttpService http_service;

/*
 * http_listen.c: a socket that listens, or -1 after the log was told why not.
 * address is told what it came to be.
 */
extern int	http_listen(const char *listen, char *address, size_t size);

/* Removes the path of the socket, if it has one. */
extern void http_unlisten(void);

/* http_connection.c: init before there are connections, watch once there can be */
extern void http_connections_init(void);
extern bool http_connections_watch(void);
extern void http_connections_unwatch(void);
extern void http_connection_notify(void *cls, struct MHD_Connection *connection,
								   void **socket_context,
								   enum MHD_ConnectionNotificationCode code);

/* Has a whole request arrived?  If not, the connection has only so much time. */
extern void http_connection_busy(struct MHD_Connection *connection, bool busy);

/*
 * http_request.c: fills in the request.  NULL, or the answer to one that can
 * be refused before the body is read.
 */
extern Answer *http_refuse_early(Request *request);

#endif							/* HTTP_INTERNAL_H */
