/*
 * drill_steps.h
 *
 * The steps of a drill, as in its result.
 */
#ifndef PROOF_DRILL_STEPS_H
#define PROOF_DRILL_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* A new result: "steps", and the counts. */
extern json_t *drill_result(void);

/* Adds a step.  detail may be NULL. */
extern void drill_step(json_t *result, const char *name, bool ok, int64_t milliseconds,
					   const char *detail);

#endif /* PROOF_DRILL_STEPS_H */
