/*
 * drill_sequences.h
 *
 * Whether the sequences of a restored server are where a mark saw them.
 */
#ifndef DRILL_SEQUENCES_H
#define DRILL_SEQUENCES_H

#include <stdbool.h>

#include <jansson.h>

#include "drill_session.h"

/* Adds steps to the result; false if one of {"relation", "value", "ascending"} differs. */
extern bool drill_sequences(const DrillServer *server, const json_t *sequences, json_t *result);

#endif							/* DRILL_SEQUENCES_H */
