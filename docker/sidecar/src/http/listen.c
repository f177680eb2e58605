/*
 * listen.c
 *
 * The listening socket: an address and port, or a path.
 */
#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/token.h"

#define LISTEN_BACKLOG 128

static char *unix_path;

static int listen_tcp(const char *listen, char *address, size_t size);
static int listen_unix(const char *path, char *address, size_t size);

int
http_listen(const char *listen, char *address, size_t size)
{
	if (strncmp(listen, "unix:", 5) == 0)
		return listen_unix(listen + 5, address, size);
	return listen_tcp(listen, address, size);
}

static int
listen_tcp(const char *where, char *address, size_t size)
{
	char *host = mem_strdup(where);
	char *port = strrchr(host, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	struct sockaddr_storage bound;
	socklen_t length = sizeof(bound);
	const char *cause = "it has no port";
	const char *name = host;
	int on = 1;
	int fd = -1;
	int error;

	if (port != NULL)
	{
		*port++ = '\0';
		if (name[0] == '[' && port[-2] == ']')
		{
			port[-2] = '\0';
			name++;
		}
		error = getaddrinfo(name[0] != '\0' && strcmp(name, "*") != 0 ? name : NULL, port, &hints,
							&found);
		if (error != 0)
			cause = gai_strerror(error);
	}
	if (found != NULL)
	{
		fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
			bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, LISTEN_BACKLOG) != 0 ||
			getsockname(fd, (struct sockaddr *) &bound, &length) != 0)
		{
			cause = strerror(errno);
			if (fd >= 0)
				close(fd);
			fd = -1;
		}
		freeaddrinfo(found);
	}
	if (fd < 0)
		log_line(LOGLEVEL_ERROR, "could not listen", "address", where, "cause", cause, NULL);
	else
	{
		char host_text[80];
		char port_text[16];

		getnameinfo((struct sockaddr *) &bound, length, host_text, sizeof(host_text), port_text,
					sizeof(port_text), NI_NUMERICHOST | NI_NUMERICSERV);
		snprintf(address, size, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host_text,
				 port_text);
	}
	free(host);
	return fd;
}

static int
listen_unix(const char *path, char *address, size_t size)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const char *cause = NULL;
	int fd;

	if (path[0] != '/' || strlen(path) >= sizeof(name.sun_path))
	{
		log_line(LOGLEVEL_ERROR, "could not listen", "address", path, "cause",
				 "the path of a socket must be absolute and short", NULL);
		return -1;
	}
	strcpy(name.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *) &name, sizeof(name)) == 0)
		cause = "another process listens there";
	else if (fd >= 0 && errno == ECONNREFUSED)
		unlink(path); /* left by a sidecar that crashed */
	if (cause == NULL &&
		(fd < 0 || bind(fd, (struct sockaddr *) &name, sizeof(name)) != 0 ||
		 /* With tokens configured, the token decides who may connect. */
		 chmod(path, token_configured() ? 0666 : 0660) != 0 || listen(fd, LISTEN_BACKLOG) != 0))
		cause = strerror(errno);
	if (cause != NULL)
	{
		log_line(LOGLEVEL_ERROR, "could not listen", "address", path, "cause", cause, NULL);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	unix_path = mem_strdup(path);
	snprintf(address, size, "unix:%s", path);
	return fd;
}

void
http_unlisten(void)
{
	if (unix_path != NULL)
		unlink(unix_path);
	free(unix_path);
	unix_path = NULL;
}
