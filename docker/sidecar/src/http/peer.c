/*
 * peer.c
 *
 * The peers of connections.  The caller holds the lock of the connections.
 */
#include "http/peer.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static HttpPeer *peers;

static void identify(HttpPeer *peer, const struct sockaddr *address);

HttpPeer *
http_peer_find(const struct sockaddr *address)
{
	HttpPeer	one = {0};
	HttpPeer   *peer;

	identify(&one, address);
	for (HttpPeer **link = &peers; *link != NULL;)
	{
		peer = *link;
		if (memcmp(peer->address, one.address, sizeof(one.address)) == 0 &&
			peer->is_unix == one.is_unix)
			return peer;
		if (peer->known == 0)
		{
			*link = peer->next;
			free(peer);
		}
		else
			link = &peer->next;
	}
	peer = mem_alloc(sizeof(HttpPeer));
	*peer = one;
	peer->next = peers;
	peers = peer;
	return peer;
}

static void
identify(HttpPeer *peer, const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
	{
		const struct sockaddr_in *four = (const struct sockaddr_in *) (const void *) address;

		peer->address[10] = peer->address[11] = 0xff;
		memcpy(peer->address + 12, &four->sin_addr, 4);
		peer->local = peer->address[12] == 127;
	}
	else if (address->sa_family == AF_INET6)
	{
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *) (const void *) address;
		bool		mapped = IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);

		memcpy(peer->address, &six->sin6_addr, mapped ? 16 : 8);
		peer->local = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) ||
			(mapped && six->sin6_addr.s6_addr[12] == 127);
	}
	else
		peer->local = peer->is_unix = true;
	/* all of 127.0.0.0/8 is this host, one client */
	if (peer->local)
		memset(peer->address, 0, sizeof(peer->address));
}
