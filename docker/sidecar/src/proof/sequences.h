/*
 * sequences.h
 *
 * Compares the sequences of a restored server with a mark.
 */
#ifndef PROOF_SEQUENCES_H
#define PROOF_SEQUENCES_H

#include <stdbool.h>

#include <jansson.h>

#include "proof/drill_request.h"
#include "proof/psql_session.h"

/* Adds steps to the result; false if one of the sequences differs. */
extern bool drill_sequences(const DrillServer *server, const DrillSequence *sequences, size_t count,
							json_t *result);

#endif /* PROOF_SEQUENCES_H */
