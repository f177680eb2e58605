/*
 * connection.c
 *
 * The open connections: their peers, how many there may be and how many may
 * wait in a long poll, the stage of each, and the thread that ends those that
 * exceed the time limit of their stage.  Does not count a connection that it
 * has ended.
 */
#include "http/connection.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "http/body.h"
#include "http/peer.h"

typedef struct Connection
{
	struct Connection *next;
	HttpPeer *peer;
	int fd;
	bool served; /* libmicrohttpd has taken it */
	bool ended;	 /* by us; libmicrohttpd will notice */
	bool waits;	 /* in a long poll */
	bool open;	 /* by the listener that asks for no token */
	HttpStage stage;
	int64_t since; /* monotonic_ms() of the last change of stage */
} Connection;

/* What takes a stream may wait for a lock or a disk; who sends it gives up earlier, and says why. */
#define STREAM_SECONDS 900

static pthread_mutex_t connections_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t connections_changed;
static Connection *connections;
static int listed; /* length of connections, including ended ones */
static int open_all;
static int open_foreign; /* of these, from other hosts */
static int waits_all;
static HttpLimits limits;
static bool plain; /* no TLS: we can send an answer directly */
static HttpCounters counters;
static pthread_t timer;
static void (*tick_others)(int64_t now);
static bool timer_stop;

static void *timer_main(void *arg);
static void end_overdue(int64_t now);
static int64_t seconds_for(HttpStage stage);
static void end(Connection *connection, const char *answer);
static bool make_room(const HttpPeer *peer);
static Connection *most_dispensable(const HttpPeer *peer, bool foreign);
static void count_open(HttpPeer *peer, int change);
static void set_waits(Connection *connection, bool waits);
static void drop(Connection *connection);
static Connection *connection_of(struct MHD_Connection *connection);

static const char
	too_slow[] = "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n"
				 "Content-Length: 117\r\n\r\n"
				 "{\"error\":{\"code\":\"request_timeout\",\"message\":\"the request did not arrive in time\",\"detail\":null,\"hint\":\"Try again.\"}}";

void
http_connections_init(const HttpLimits *wanted, bool tls, void (*tick)(int64_t now))
{
	limits = *wanted;
	plain = !tls;
	tick_others = tick;
	monotonic_cond_init(&connections_changed);
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

/* Sleeps while there is no connection. */
static void *
timer_main(void *arg)
{
	(void) arg;
	pthread_mutex_lock(&connections_lock);
	while (!timer_stop)
	{
		int64_t now = monotonic_ms();

		if (connections == NULL)
		{
			pthread_cond_wait(&connections_changed, &connections_lock);
			continue;
		}
		end_overdue(now);
		pthread_mutex_unlock(&connections_lock);
		tick_others(now);
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

static void
end_overdue(int64_t now)
{
	for (Connection *c = connections; c != NULL; c = c->next)
	{
		int64_t seconds = seconds_for(c->stage);

		if (c->ended || !c->served || seconds == 0 || now - c->since < seconds * 1000)
			continue;
		counters.timeouts[c->stage]++;
		end(c, c->stage == HTTP_ARRIVES || c->stage == HTTP_SENDS_BODY ? too_slow : NULL);
	}
}

/* 0: no limit, because the client waits for us */
static int64_t
seconds_for(HttpStage stage)
{
	switch (stage)
	{
		case HTTP_ARRIVES:
			return limits.header_seconds;
		case HTTP_SENDS_BODY:
			return limits.body_seconds;
		case HTTP_IS_SERVED:
			return 0;
		case HTTP_TAKES_ANSWER:
			return limits.answer_seconds;
		case HTTP_TAKES_STREAM:
			return STREAM_SECONDS;
		case HTTP_IDLES:
			return limits.idle_seconds;
	}
	return 0;
}

/*
 * The descriptor is still open: libmicrohttpd notifies us before it closes it.
 * It sends nothing itself in these stages, so our answer arrives whole.
 */
static void
end(Connection *connection, const char *answer)
{
	if (answer != NULL && plain)
		(void) !send(connection->fd, answer, strlen(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(connection->fd, SHUT_RDWR);
	connection->ended = true;
	count_open(connection->peer, -1);
}

bool
http_connection_admit(int fd, const struct sockaddr *address, bool open)
{
	Connection *mine;
	HttpPeer *peer;
	bool admitted;

	pthread_mutex_lock(&connections_lock);
	peer = http_peer_find(address);
	admitted = listed < limits.connections + CONNECTIONS_BEYOND && make_room(peer);
	if (admitted)
	{
		mine = mem_alloc(sizeof(Connection));
		mine->peer = peer;
		mine->fd = fd;
		mine->open = open;
		mine->since = monotonic_ms();
		mine->next = connections;
		connections = mine;
		listed++;
		peer->known++;
		count_open(peer, 1);
		pthread_cond_signal(&connections_changed);
	}
	else
		counters.refused++;
	pthread_mutex_unlock(&connections_lock);
	return admitted;
}

/*
 * If there is no room, end a connection that has sent no request yet or is
 * idle.  Clients that only hold connections open thus compete with each other,
 * and a request finds room.
 */
static bool
make_room(const HttpPeer *peer)
{
	Connection *victim;

	if (peer->open >= limits.connections_per_address)
		victim = most_dispensable(peer, false);
	else if (open_all >= limits.connections ||
			 (!peer->local && open_foreign >= limits.connections - limits.reserved_connections))
		victim = most_dispensable(NULL, !peer->local);
	else
		return true;
	if (victim == NULL)
		return false;
	counters.displaced++;
	end(victim, NULL);
	return true;
}

/*
 * The oldest idle or silent connection: of this peer, or of the peer with the
 * most (foreign: on another host).  It may not be served yet: the thread that
 * accepts also hands over, so its descriptor cannot be closed meanwhile.
 */
static Connection *
most_dispensable(const HttpPeer *peer, bool foreign)
{
	Connection *best = NULL;

	for (Connection *c = connections; c != NULL; c = c->next)
	{
		if (c->ended || (c->stage != HTTP_ARRIVES && c->stage != HTTP_IDLES) ||
			(peer != NULL && c->peer != peer) || (foreign && c->peer->local))
			continue;
		if (best == NULL || c->peer->open > best->peer->open ||
			(c->peer->open == best->peer->open &&
			 (c->stage != best->stage ? c->stage == HTTP_ARRIVES : c->since <= best->since)))
			best = c;
	}
	return best;
}

static void
count_open(HttpPeer *peer, int change)
{
	peer->open += change;
	open_all += change;
	open_foreign += peer->local ? 0 : change;
}

static void
set_waits(Connection *connection, bool waits)
{
	int change = (int) waits - (int) connection->waits;

	connection->waits = waits;
	connection->peer->waits += change;
	waits_all += change;
}

void
http_connection_forget(int fd)
{
	pthread_mutex_lock(&connections_lock);
	for (Connection *c = connections; c != NULL; c = c->next)
	{
		if (c->fd == fd && !c->served)
		{
			drop(c);
			break;
		}
	}
	pthread_mutex_unlock(&connections_lock);
}

void
http_connection_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
					   enum MHD_ConnectionNotificationCode code)
{
	(void) cls;
	pthread_mutex_lock(&connections_lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
																	   MHD_CONNECTION_INFO_CONNECTION_FD);

		for (Connection *c = connections; c != NULL && info != NULL; c = c->next)
		{
			if (c->fd == info->connect_fd && !c->served)
			{
				c->served = true;
				*socket_context = c;
				break;
			}
		}
	}
	else if (*socket_context != NULL)
	{
		drop(*socket_context);
		*socket_context = NULL;
	}
	pthread_mutex_unlock(&connections_lock);
}

static void
drop(Connection *connection)
{
	for (Connection **link = &connections; *link != NULL; link = &(*link)->next)
	{
		if (*link == connection)
		{
			*link = connection->next;
			break;
		}
	}
	if (!connection->ended)
		count_open(connection->peer, -1);
	set_waits(connection, false);
	listed--;
	connection->peer->known--;
	free(connection);
}

void
http_connection_stage(struct MHD_Connection *connection, HttpStage stage)
{
	Connection *mine = connection_of(connection);

	if (mine == NULL)
		return;
	pthread_mutex_lock(&connections_lock);
	if (mine->stage != stage)
	{
		mine->stage = stage;
		mine->since = monotonic_ms();
	}
	pthread_mutex_unlock(&connections_lock);
}

bool
http_may_wait(Request *request)
{
	Connection *mine = connection_of(request->connection);
	bool may;

	if (mine == NULL)
		return true;
	pthread_mutex_lock(&connections_lock);
	may = mine->waits || (waits_all < limits.waits && mine->peer->waits < limits.waits_per_address);
	if (!may)
		counters.waits_refused++;
	set_waits(mine, may);
	pthread_mutex_unlock(&connections_lock);
	return may;
}

void
http_wait_ended(struct MHD_Connection *connection)
{
	Connection *mine = connection_of(connection);

	if (mine == NULL)
		return;
	pthread_mutex_lock(&connections_lock);
	set_waits(mine, false);
	pthread_mutex_unlock(&connections_lock);
}

bool
http_connection_is_unix(struct MHD_Connection *connection)
{
	const Connection *mine = connection_of(connection);

	return mine != NULL && mine->peer->is_unix;
}

bool
http_connection_is_open(struct MHD_Connection *connection)
{
	const Connection *mine = connection_of(connection);

	return mine != NULL && mine->open;
}

bool
http_connection_is_local(struct MHD_Connection *connection)
{
	const Connection *mine = connection_of(connection);

	return mine != NULL && mine->peer->local;
}

HttpCounters
http_counters(void)
{
	HttpCounters copy;

	pthread_mutex_lock(&connections_lock);
	copy = counters;
	for (const Connection *c = connections; c != NULL; c = c->next)
	{
		if (!c->ended)
			copy.connections[c->stage]++;
	}
	copy.waits = waits_all;
	pthread_mutex_unlock(&connections_lock);
	http_body_counters(&copy);
	return copy;
}

static Connection *
connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
																   MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}
