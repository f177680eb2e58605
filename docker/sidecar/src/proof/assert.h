/*
 * assert.h
 *
 * The caller's assertions about a restored server.
 */
#ifndef PROOF_ASSERT_H
#define PROOF_ASSERT_H

#include <stdbool.h>

#include <jansson.h>

#include "base/text_list.h"
#include "proof/session.h"

/* Adds a step to the result for each; false if one does not hold. */
extern bool drill_assert(const DrillServer *server, const TextList *assertions, json_t *result);

#endif /* PROOF_ASSERT_H */
