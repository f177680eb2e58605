/*
 * accept.h
 *
 * The thread that accepts connections.
 */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include <stdbool.h>

#include <microhttpd.h>

/*
 * Accepts from both; the second is open: its requests need no token; -1: there
 * is none.  Closes them when it stops.
 */
extern bool http_accept_start(struct MHD_Daemon *daemon, const int fds[2], bool tls);
extern void http_accept_stop(void);

#endif /* HTTP_ACCEPT_H */
