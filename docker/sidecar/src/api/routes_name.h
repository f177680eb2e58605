/*
 * routes_name.h
 *
 * The server and the backup that an address names.
 */
#ifndef API_ROUTES_NAME_H
#define API_ROUTES_NAME_H

#include "http/request.h"

/* Segments of /v1/servers/{server}/THING/{name} */
#define SEGMENT_SERVER 2
#define SEGMENT_NAME 4

/*
 * Does Barman know the server of the path, and do anything for it (it is neither
 * inactive nor disabled)?  False: *refusal is the answer, or NULL if the request
 * sleeps.
 */
extern bool route_server_exists(Request *request, Answer **refusal);

/* The same for what only a server with a PostgreSQL of its own can do */
extern bool route_server_acts(Request *request, Answer **refusal);

/*
 * The backup of this id, name or shortcut.  True: *backup is part of *list,
 * which the caller releases.  False as in route_server_exists().
 */
extern bool route_find_backup(Request *request, const char *name,
							  json_t **backup, Answer **list, Answer **refusal);

/* YYYYMMDDTHHMMSS, as opposed to a name */
extern bool route_is_backup_id(const char *name);

/* Is it one of Barman's words that are no names? */
extern bool route_is_shortcut(const char *name);

/* Is the text under this key that text? */
extern bool route_text_is(const json_t *object, const char *key, const char *text);

#endif							/* API_ROUTES_NAME_H */
