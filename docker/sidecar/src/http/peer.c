/*
 * peer.c
 *
 * The peers of connections: who they are, and which connections share one.
 */
#include "http/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "base/memory.h"

static HttpPeer *peers;

static void identify(HttpPeer *peer, const struct sockaddr *address);
static const struct sockaddr *peer_address(const Request *request);

HttpPeer *
http_peer_find(const struct sockaddr *address)
{
	HttpPeer one = {0};
	HttpPeer *peer;

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
		bool mapped = IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);

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

void
http_peer(const Request *request, char *text, size_t size)
{
	const struct sockaddr *peer = request->connection != NULL ? peer_address(request) : NULL;
	const union MHD_ConnectionInfo *info;
	struct ucred who;
	socklen_t length = sizeof(who);

	snprintf(text, size, "unknown");
	if (peer == NULL)
		return;
	if (peer->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *) (const void *) peer)->sin_addr, text,
				  (socklen_t) size);
	else if (peer->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *) (const void *) peer)->sin6_addr, text,
				  (socklen_t) size);
	else if (peer->sa_family == AF_UNIX &&
			 (info = MHD_get_connection_info(request->connection,
											 MHD_CONNECTION_INFO_CONNECTION_FD)) != NULL &&
			 getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0)
		snprintf(text, size, "uid %u, pid %d", (unsigned int) who.uid, (int) who.pid);
}

static const struct sockaddr *
peer_address(const Request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection,
																   MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL ? info->client_addr : NULL;
}
