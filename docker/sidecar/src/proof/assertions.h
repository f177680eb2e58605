/*
 * assertions.h
 *
 * The caller's assertions about a restored server.
 */
#ifndef PROOF_ASSERTIONS_H
#define PROOF_ASSERTIONS_H

#include <stdbool.h>

#include <jansson.h>

#include "base/text_list.h"
#include "proof/psql_session.h"

/* Adds a step to the result for each; false if one does not hold. */
extern bool drill_assert(const DrillServer *server, const TextList *assertions, json_t *result);

#endif /* PROOF_ASSERTIONS_H */
