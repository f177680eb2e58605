/*
 * http_connection.c
 *
 * The connections that are open, and the thread that ends those which drip
 * and has the service end the waits whose time is up.
 */
#include "http_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "memory.h"
#include "timestamp.h"

/* A request must have arrived whole after this, however busily it drips. */
#define ARRIVAL_TIMEOUT_MS 60000

/* What http_connection_notify() tells of each connection. */
typedef struct Connection
{
	struct Connection *next;
	int			fd;
	bool		busy;			/* a whole request has arrived */
	int64_t		since;			/* monotonic_ms() of the last change of busy */
} Connection;

static pthread_mutex_t connections_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t connections_changed;
static Connection *connections;
static pthread_t timer;
static bool timer_stop;

static void *timer_main(void *arg);
static Connection *connection_of(struct MHD_Connection *connection);

void
http_connections_init(void)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&connections_changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

bool
http_connections_watch(void)
{
	return pthread_create(&timer, NULL, timer_main, NULL) == 0;
}

void
http_connections_unwatch(void)
{
	pthread_mutex_lock(&connections_lock);
	timer_stop = true;
	pthread_cond_signal(&connections_changed);
	pthread_mutex_unlock(&connections_lock);
	pthread_join(timer, NULL);
}

/* Idle unless there is a connection. */
static void *
timer_main(void *arg)
{
	(void) arg;
	pthread_mutex_lock(&connections_lock);
	while (!timer_stop)
	{
		int64_t		now = monotonic_ms();

		if (connections == NULL)
		{
			pthread_cond_wait(&connections_changed, &connections_lock);
			continue;
		}
		for (Connection *c = connections; c != NULL; c = c->next)
		{
			/* The descriptor is still open: see http_connection_notify(). */
			if (!c->busy && now - c->since > ARRIVAL_TIMEOUT_MS && c->fd >= 0)
				shutdown(c->fd, SHUT_RDWR);
		}
		pthread_mutex_unlock(&connections_lock);
		http_service.tick(now);
		pthread_mutex_lock(&connections_lock);
		if (!timer_stop)
		{
			struct timespec until = monotonic_timespec(now + 200);

			pthread_cond_timedwait(&connections_changed, &connections_lock, &until);
		}
	}
	pthread_mutex_unlock(&connections_lock);
	return NULL;
}

void
http_connection_notify(void *cls, struct MHD_Connection *connection,
					   void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	(void) cls;
	pthread_mutex_lock(&connections_lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		Connection *mine = mem_alloc(sizeof(Connection));

		mine->fd = info != NULL ? info->connect_fd : -1;
		mine->since = monotonic_ms();
		mine->next = connections;
		connections = mine;
		*socket_context = mine;
		pthread_cond_signal(&connections_changed);
	}
	else
	{
		for (Connection **link = &connections; *link != NULL; link = &(*link)->next)
		{
			if (*link == *socket_context)
			{
				*link = (*link)->next;
				break;
			}
		}
		free(*socket_context);
		*socket_context = NULL;
	}
	pthread_mutex_unlock(&connections_lock);
}

void
http_connection_busy(struct MHD_Connection *connection, bool busy)
{
	Connection *mine = connection_of(connection);

	if (mine == NULL)
		return;
	pthread_mutex_lock(&connections_lock);
	mine->busy = busy;
	mine->since = monotonic_ms();
	pthread_mutex_unlock(&connections_lock);
}

static Connection *
connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}
