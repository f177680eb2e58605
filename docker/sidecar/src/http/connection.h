/*
 * connection.h
 *
 * The open connections.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <stdbool.h>

#include <microhttpd.h>

#include "base/http_limits.h"
#include "http/counters.h"
#include "http/request.h"

/*
 * We count connections ourselves; libmicrohttpd keeps those that we have ended
 * for a moment.  It must never close one for lack of room, because it does not
 * notify us of that.
 */
#define CONNECTIONS_BEYOND 512

/*
 * Call init before there are connections, and watch before the first can
 * arrive.  tick is called a few times a second while there is a connection.
 */
extern void http_connections_init(const HttpLimits *wanted, bool tls, void (*tick)(int64_t now));
extern bool http_connections_watch(void);
extern void http_connections_unwatch(void);

/* Is there room for one more?  If so, count it until it is closed or forgotten. */
extern bool http_connection_admit(int fd, const struct sockaddr *address, bool open);
extern void http_connection_forget(int fd);
extern void http_connection_notify(void *cls, struct MHD_Connection *connection,
								   void **socket_context, enum MHD_ConnectionNotificationCode code);
extern void http_connection_stage(struct MHD_Connection *connection, HttpStage stage);
extern bool http_connection_is_unix(struct MHD_Connection *connection);

/* Does it come by the listener that asks for no token? */
extern bool http_connection_is_open(struct MHD_Connection *connection);

/* Does it come over loopback or a Unix socket? */
extern bool http_connection_is_local(struct MHD_Connection *connection);

extern void http_wait_ended(struct MHD_Connection *connection);

extern HttpCounters http_counters(void);

/* False if too many long polls wait, in total or from this address. */
extern bool http_may_wait(Request *request);

#endif /* HTTP_CONNECTION_H */
