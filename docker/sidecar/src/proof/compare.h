/*
 * compare.h
 *
 * The tables of a restored server against the fingerprints of a mark.
 */
#ifndef PROOF_COMPARE_H
#define PROOF_COMPARE_H

#include <stdbool.h>

#include <jansson.h>

#include "proof/session.h"

/* How many may ask the server at a time */
extern int	drill_workers(void);

/*
 * Compare each of the tables [{"relation", "bytes", "rows", "hash"}] by the
 * functions of this host (prepare.h).  A step of the result for all that
 * are as they were, and one for each that is not; false if there is one.
 */
extern bool drill_compare(const DrillServer *server, const json_t *tables, json_t *result);

#endif							/* PROOF_COMPARE_H */
