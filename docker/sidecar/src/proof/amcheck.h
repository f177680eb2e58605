/*
 * amcheck.h
 *
 * Runs pg_amcheck on a restored server, in parallel with other checks.
 */
#ifndef PROOF_AMCHECK_H
#define PROOF_AMCHECK_H

#include <stdbool.h>

#include <jansson.h>

#include "proof/psql_session.h"

typedef struct DrillAmcheck DrillAmcheck;

extern DrillAmcheck *drill_amcheck_start(const DrillServer *server);

/*
 * Waits for its end and adds the step; no step if it is not installed.  False
 * if it found corruption, failed, or was cancelled.
 */
extern bool drill_amcheck_end(DrillAmcheck *amcheck, json_t *result);

#endif /* PROOF_AMCHECK_H */
