/*
 * routes.h
 *
 * Routes requests to their handlers.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "base/token.h"
#include "http/request.h"

/* NULL: the request sleeps and will be dispatched again. */
extern Answer *routes_dispatch(Request *request);

/*
 * Refuses, before the body is read, an unknown path or a caller without
 * permission; else sets the limits for the body.
 */
extern Answer *routes_admit(Request *request);

/* The n-th route, for tests; false if there are fewer. */
typedef struct RouteDescription
{
	const char *method;
	const char *const *segments;
	TokenScope scope;
	bool has_reach;
	bool of_one_server;
	bool of_all_servers;
} RouteDescription;

extern bool routes_describe(size_t n, RouteDescription *description);

#endif /* API_ROUTES_H */
