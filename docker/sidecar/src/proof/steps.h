/*
 * steps.h
 *
 * The steps of a drill, as its result tells them.
 */
#ifndef PROOF_STEPS_H
#define PROOF_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* Of the result: "steps", and what was counted. */
extern json_t *drill_result(void);

/* Add a step.  The detail may be NULL. */
extern void drill_step(json_t *result, const char *name, bool ok, int64_t milliseconds,
					   const char *detail);

#endif							/* PROOF_STEPS_H */
