/*
 * peer.h
 *
 * Who is on the other side of connections, and what they have open.
 */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct HttpPeer
{
	struct HttpPeer *next;
	uint8_t		address[16];	/* of IPv6 the first 64 bits: a host may have all the rest */
	bool		is_unix;
	bool		local;			/* of this machine */
	int			known;			/* connections that point here; at 0 it is forgotten */
	int			open;			/* of these, not ended */
	int			waits;			/* of these, in a long poll */
} HttpPeer;

extern HttpPeer *http_peer_find(const struct sockaddr *address);

#endif							/* HTTP_PEER_H */
