/*
 * peer.h
 *
 * The peers of connections: who they are, and how many connections each has
 * open.
 */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "http/request.h"

typedef struct HttpPeer
{
	struct HttpPeer *next;
	uint8_t address[16]; /* of IPv6 the first 64 bits: a host may use all of the rest */
	bool is_unix;
	bool local; /* on this host */
	int known;	/* connections that point here; freed at 0 */
	int open;	/* of these, not ended */
	int waits;	/* of these, in a long poll */
} HttpPeer;

/* The caller holds the lock of the connections. */
extern HttpPeer *http_peer_find(const struct sockaddr *address);

/* The caller: an address, or the user and process behind a Unix socket */
extern void http_peer(const Request *request, char *text, size_t size);

#endif /* HTTP_PEER_H */
