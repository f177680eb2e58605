/*
 * routes.h
 *
 * From a request to what answers it.
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "http.h"

/* NULL: the request sleeps and will be dispatched again. */
extern Answer *routes_dispatch(Request *request);

/* How large the body of this request may be, whose path is split */
extern size_t routes_body_max(const Request *request);

#endif							/* ROUTES_H */
