/*
 * drill_assert.h
 *
 * The caller's assertions about a restored server.
 */
#ifndef DRILL_ASSERT_H
#define DRILL_ASSERT_H

#include <stdbool.h>

#include <jansson.h>

#include "drill_session.h"

/* A step of the result for each; false if one does not hold. */
extern bool drill_assert(const DrillServer *server, const json_t *assertions, json_t *result);

#endif							/* DRILL_ASSERT_H */
