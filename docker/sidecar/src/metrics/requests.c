/*
 * requests.c
 *
 * Counts the requests by route and status.  Knows routes by their static
 * labels only, so that no caller can make more series than there are routes.
 */
#include "metrics/requests.h"

#include <pthread.h>
#include <stdio.h>

#define ROUTES_MAX 64

/* All statuses that an answer can have; others are counted as the last. */
static const int statuses[] = {200, 202, 400, 401, 403, 404, 405, 408, 409, 413,
							   414, 421, 422, 429, 500, 502, 503, 504, 0};

#define STATUSES ((int) (sizeof(statuses) / sizeof(statuses[0])))

typedef struct RouteCount
{
	const char *route; /* NULL: none of ours */
	uint64_t answers[STATUSES];
} RouteCount;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static RouteCount counts[ROUTES_MAX]; /* the first is of requests without a route */
static int count_of_routes = 1;

static RouteCount *find_count(const char *route);

void
requests_count(const Request *request, int status)
{
	int i = 0;

	while (i < STATUSES - 1 && statuses[i] != status)
		i++;
	pthread_mutex_lock(&lock);
	find_count(request->route)->answers[i]++;
	pthread_mutex_unlock(&lock);
}

void
requests_metrics(Exposition *exposition)
{
	exposition_family(exposition, "barman_sidecar_requests_total", "counter",
					  "Requests by route and HTTP status; the route none is of addresses that do not exist.");
	pthread_mutex_lock(&lock);
	for (int i = 0; i < count_of_routes; i++)
	{
		for (int n = 0; n < STATUSES; n++)
		{
			char status[16];

			if (counts[i].answers[n] == 0)
				continue;
			snprintf(status, sizeof(status), "%d", statuses[n]);
			exposition_sample(exposition, (double) counts[i].answers[n], "route",
							  counts[i].route != NULL ? counts[i].route : "none", "status",
							  statuses[n] != 0 ? status : "other", NULL);
		}
	}
	pthread_mutex_unlock(&lock);
}

/* The lock is held. */
static RouteCount *
find_count(const char *route)
{
	for (int i = 0; i < count_of_routes; i++)
	{
		if (counts[i].route == route)
			return &counts[i];
	}
	if (count_of_routes == ROUTES_MAX)
		return &counts[0];
	counts[count_of_routes].route = route;
	return &counts[count_of_routes++];
}
