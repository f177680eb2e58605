/*
 * accept.c
 *
 * The thread that accepts connections from the listening sockets and gives them to
 * libmicrohttpd, or answers that there is no room.  Never waits for a client.
 */
#include "http/accept.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/timestamp.h"
#include "http/connection.h"

/* Pause after accept() failed for lack of descriptors or memory */
#define PAUSE_MS 100

static struct MHD_Daemon *server;
static int listeners[2] = {-1, -1}; /* the second is open */
static int wake = -1;
static bool plain;
static pthread_t thread;

static void *accept_main(void *arg);
static void take_connection(int which);
static void refuse(int fd);

static const char
	no_room[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
				"Retry-After: 1\r\nContent-Length: 114\r\n\r\n"
				"{\"error\":{\"code\":\"unavailable\",\"message\":\"too many connections are open\",\"detail\":null,\"hint\":\"Try again later.\"}}";

bool
http_accept_start(struct MHD_Daemon *daemon, const int fds[2], bool tls)
{
	server = daemon;
	listeners[0] = fds[0];
	listeners[1] = fds[1];
	plain = !tls;
	wake = eventfd(0, EFD_CLOEXEC);
	return wake >= 0 && pthread_create(&thread, NULL, accept_main, NULL) == 0;
}

void
http_accept_stop(void)
{
	uint64_t one = 1;

	if (wake < 0 || write(wake, &one, sizeof(one)) != (ssize_t) sizeof(one))
		return;
	pthread_join(thread, NULL);
	close(wake);
	wake = -1;
	for (int i = 0; i < 2; i++)
	{
		if (listeners[i] >= 0)
			close(listeners[i]);
		listeners[i] = -1;
	}
}

static void *
accept_main(void *arg)
{
	/* poll() ignores a negative descriptor */
	struct pollfd fds[3] = {{listeners[0], POLLIN, 0}, {listeners[1], POLLIN, 0}, {wake, POLLIN, 0}};

	(void) arg;
	for (;;)
	{
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[2].revents != 0)
			return NULL;
		for (int i = 0; i < 2; i++)
		{
			if (fds[i].revents != 0)
				take_connection(i);
		}
	}
}

static void
take_connection(int which)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	int fd = accept4(listeners[which], (struct sockaddr *) &address, &length,
					 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
	{
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		{
			struct pollfd stop = {wake, POLLIN, 0};

			log_line(LOGLEVEL_WARNING, "cannot accept a connection", "cause", strerror(errno), NULL);
			poll(&stop, 1, PAUSE_MS);
		}
		return;
	}
	if (!http_connection_admit(fd, (struct sockaddr *) &address, which == 1))
		refuse(fd);
	else if (MHD_add_connection(server, fd, (struct sockaddr *) &address, length) != MHD_YES)
		http_connection_forget(fd); /* libmicrohttpd has closed fd */
}

static void
refuse(int fd)
{
	char ignored[4096];

	if (plain)
	{
		/* with unread data, close() sends a reset, which may overtake the answer */
		(void) !recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT);
		(void) !send(fd, no_room, sizeof(no_room) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
	}
	close(fd);
}
