/*
 * accept.h
 *
 * The thread that accepts connections.
 */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include <stdbool.h>

#include <microhttpd.h>

/* Closes fd when it stops. */
extern bool http_accept_start(struct MHD_Daemon *daemon, int fd, bool tls);
extern void http_accept_stop(void);

#endif /* HTTP_ACCEPT_H */
