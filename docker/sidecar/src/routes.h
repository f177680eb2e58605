/*
 * routes.h
 *
 * From a request to what answers it.
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "http.h"

/* Called once at start, for the uptime. */
extern void routes_init(void);

/* NULL: the request sleeps and will be dispatched again. */
extern Answer *routes_dispatch(Request *request);

#endif							/* ROUTES_H */
