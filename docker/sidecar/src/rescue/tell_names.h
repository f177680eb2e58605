/*
 * tell_names.h
 *
 * What relations of a restored server are called.
 */
#ifndef RESCUE_TELL_NAMES_H
#define RESCUE_TELL_NAMES_H

#include <jansson.h>

#include "proof/psql_session.h"
#include "rescue/table_request.h"

/*
 * {database: its OID, relations: [[OID, file (0: none), kind, schema, name, OID of the table in
 * whose name its changes are told, OIDs of the partitioned tables above it], ...]}: those that are
 * asked for and the server has, and what belongs to the same tables.  NULL: *error has malloc'd
 * words.
 */
extern json_t *rescue_names(const DrillServer *server, const RescueNames *asked, char **error);

#endif /* RESCUE_TELL_NAMES_H */
