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

/* How large the body of this request may be, whose path is split */
extern size_t routes_body_max(const Request *request);

/* Segments of /v1/servers/{server}/THING/{name} */
#define SEGMENT_SERVER 2
#define SEGMENT_NAME 4

/*
 * Does Barman know the server of the path?  False: *refusal is the answer, or
 * NULL if the request sleeps.
 */
extern bool route_server_exists(Request *request, Answer **refusal);

/*
 * The backup of this id, name or shortcut.  True: *backup is part of *list,
 * which the caller releases.  False as in route_server_exists().
 */
extern bool route_find_backup(Request *request, const char *name,
							  json_t **backup, Answer **list, Answer **refusal);

/* Is the text under this key that text? */
extern bool route_text_is(const json_t *object, const char *key, const char *text);

#endif							/* ROUTES_H */
