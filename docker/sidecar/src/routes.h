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

/* What can be said before the body is read: is there such an address, how much may it be sent? */
extern Answer *routes_admit(Request *request);

#endif							/* ROUTES_H */
