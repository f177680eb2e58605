/*
 * systemd_notify.c
 *
 * Notifies systemd that the sidecar is ready or stopping: one datagram to the
 * socket named by NOTIFY_SOCKET, as in sd_notify(3).  Does not block.
 */
#include "base/systemd_notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

void
notify_manager(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path != NULL ? strlen(path) : 0;
	int fd;

	/* a path, or an abstract name written with a leading @ */
	if (length < 2 || length >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, length);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *) &address,
						 (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		log_line(LOGLEVEL_WARNING, "systemd cannot be told how the sidecar is", "state", state,
				 "cause", strerror(errno), NULL);
	if (fd >= 0)
		close(fd);
}
