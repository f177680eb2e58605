/*
 * prepare_copy.h
 *
 * Prepares a throw-away copy before it is queried.
 */
#ifndef PROOF_PREPARE_COPY_H
#define PROOF_PREPARE_COPY_H

#include "proof/psql_session.h"

/*
 * Removes the copy's settings, limits, event triggers and secrets, and creates
 * the role for queries.  NULL, or malloc'd text on what failed.  any_database:
 * if the copy does not have the server's database, that becomes one that it has.
 */
extern char *drill_prepare(DrillServer *server, bool any_database);

/*
 * Creates the fingerprint functions in the server's schema, from the library
 * on this host.  NULL, or malloc'd text why this failed.
 */
extern char *drill_bring_fingerprint(const DrillServer *server);

#endif /* PROOF_PREPARE_COPY_H */
