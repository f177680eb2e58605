/*
 * listen.h
 *
 * The socket that the sidecar listens on.
 */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stddef.h>

/*
 * A socket that listens, or -1 after the log was told why not.
 * address is told what it came to be.
 */
extern int	http_listen(const char *listen, char *address, size_t size);

/* Removes the path of the socket, if it has one. */
extern void http_unlisten(void);

#endif							/* HTTP_LISTEN_H */
