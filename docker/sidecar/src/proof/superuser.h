/*
 * superuser.h
 *
 * The role that prepares a restored server.
 */
#ifndef PROOF_SUPERUSER_H
#define PROOF_SUPERUSER_H

#include "base/text_list.h"
#include "proof/psql_session.h"

/*
 * Returns server->superuser, or the first of the others that is a superuser of
 * the restored server.
 */
extern const char *drill_superuser(const DrillServer *server, const TextList *others);

#endif /* PROOF_SUPERUSER_H */
