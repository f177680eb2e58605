/*
 * instance_port.c
 *
 * Finds a port for a restored server, among those of --instance-ports.
 */
#include "restore/instance_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/settings.h"
#include "restore/instance_table.h"

int
instance_port_find(void)
{
	for (int port = settings.instance_port_low; port <= settings.instance_port_high; port++)
	{
		bool ours = false;

		for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
			ours = ours || instance->port == port;
		if (!ours && instance_port_is_free(port))
			return port;
	}
	return 0;
}

bool
instance_port_is_free(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool bound;

	if (fd < 0)
		return false;
	if (inet_pton(AF_INET, settings.instance_listen, &address.sin_addr) != 1)
		address.sin_addr.s_addr = htonl(INADDR_ANY);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* as PostgreSQL does */
	bound = bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0;
	close(fd);
	return bound;
}
