/*
 * listen.h
 *
 * The listening socket.
 */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stddef.h>

/*
 * A listening socket, or -1 after logging why not.  address receives the actual
 * address.
 */
extern int http_listen(const char *listen, char *address, size_t size);

/* Removes the path of the socket, if it has one. */
extern void http_unlisten(void);

#endif /* HTTP_LISTEN_H */
