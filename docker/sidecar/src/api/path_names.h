/*
 * path_names.h
 *
 * The server and the backup that a path names.
 */
#ifndef API_PATH_NAMES_H
#define API_PATH_NAMES_H

#include "http/request.h"

/* Segments of /v1/servers/{server}/THING/{name} */
#define SEGMENT_SERVER 2
#define SEGMENT_NAME   4

/*
 * Does Barman know the server of the path, and is it neither inactive nor
 * disabled?  False: *refusal is the answer, or NULL if the request sleeps.
 */
extern bool route_server_exists(Request *request, Answer **refusal);

/* The same, for actions that a passive server cannot do */
extern bool route_server_acts(Request *request, Answer **refusal);

/*
 * Find the backup of this id, name or shortcut.  True: *backup is part of
 * *list, which the caller releases.  False as in route_server_exists().
 */
extern bool route_find_backup(Request *request, const char *name, json_t **backup, Answer **list,
							  Answer **refusal);

/* Is name one of Barman's shortcuts? */
extern bool route_is_shortcut(const char *name);

#endif /* API_PATH_NAMES_H */
