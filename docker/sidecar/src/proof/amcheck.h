/*
 * amcheck.h
 *
 * pg_amcheck of a restored server, beside whatever else it is asked.
 */
#ifndef PROOF_AMCHECK_H
#define PROOF_AMCHECK_H

#include <stdbool.h>

#include <jansson.h>

#include "proof/session.h"

typedef struct DrillAmcheck DrillAmcheck;

extern DrillAmcheck *drill_amcheck_start(const DrillServer *server);

/*
 * Wait for its end and add the step; none where it is not installed.  False
 * if it found corruption, or was cancelled.
 */
extern bool drill_amcheck_end(DrillAmcheck *amcheck, json_t *result);

#endif							/* PROOF_AMCHECK_H */
