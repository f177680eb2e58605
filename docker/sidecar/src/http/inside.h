/*
 * inside.h
 *
 * What the files of http share among themselves.
 */
#ifndef HTTP_INSIDE_H
#define HTTP_INSIDE_H

#include <microhttpd.h>

#include "http/service.h"

#define PATH_MAX_BYTES 1024

/*
 * We count connections ourselves; those that we have ended are still
 * libmicrohttpd's for a moment.  It must never have to close one for want of
 * room, for it would not tell us.
 */
#define CONNECTIONS_BEYOND 512

extern HttpService http_service;

/*
 * listen.c: a socket that listens, or -1 after the log was told why not.
 * address is told what it came to be.
 */
extern int	http_listen(const char *listen, char *address, size_t size);

/* Removes the path of the socket, if it has one. */
extern void http_unlisten(void);

/* accept.c: closes the socket when it stops */
extern bool http_accept_start(struct MHD_Daemon *daemon, int fd, bool tls);
extern void http_accept_stop(void);

/* connection.c: init before there are connections, watch once there can be */
extern void http_connections_init(const HttpLimits *wanted, bool tls);
extern bool http_connections_watch(void);
extern void http_connections_unwatch(void);

/* Is there room for one more?  Then it is counted, until it is closed or forgotten. */
extern bool http_connection_admit(int fd, const struct sockaddr *address);
extern void http_connection_forget(int fd);
extern void http_connection_notify(void *cls, struct MHD_Connection *connection,
								   void **socket_context,
								   enum MHD_ConnectionNotificationCode code);
extern void http_connection_stage(struct MHD_Connection *connection, HttpStage stage);
extern bool http_connection_is_unix(struct MHD_Connection *connection);
extern void http_wait_ended(struct MHD_Connection *connection);

/* headers.c: NULL, or why the request is refused whatever it is about */
extern Answer *http_headers_refuse(Request *request, const char *version);
extern void http_hosts_forget(void);

/* work.c: the thread for requests that are served apart */
extern bool http_work_start(void);
extern void http_work_stop(void);
extern void http_work_add(Request *request);

/* service.c: its answer is there */
extern void http_work_done(Request *request);

/*
 * request.c: fills in the request.  NULL, or the answer to one that can
 * be refused before the body is read.
 */
extern Answer *http_refuse_early(Request *request, const char *version);

#endif							/* HTTP_INSIDE_H */
