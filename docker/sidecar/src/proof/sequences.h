/*
 * sequences.h
 *
 * Compares the sequences of a restored server with a mark.
 */
#ifndef PROOF_SEQUENCES_H
#define PROOF_SEQUENCES_H

#include <stdbool.h>

#include <jansson.h>

#include "proof/session.h"

/* Adds steps to the result; false if one of {"relation", "value", "ascending"} differs. */
extern bool drill_sequences(const DrillServer *server, const json_t *sequences, json_t *result);

#endif							/* PROOF_SEQUENCES_H */
