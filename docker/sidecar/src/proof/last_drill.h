/*
 * last_drill.h
 *
 * The result of the last drill of each server.  Outlives the sidecar.
 */
#ifndef PROOF_LAST_DRILL_H
#define PROOF_LAST_DRILL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/exposition.h"

/* Runs before there are other threads */
extern void drill_record_start(const char *state_dir);
extern void drill_record_stop(void);

/* Milliseconds; -1: unknown, because nothing was recovered */
extern void drill_record(const char *server, bool good, int64_t rto_ms, int64_t rpo_ms);

/* {"ended", "ok", "passed", "rto_seconds", "rpo_seconds"} of a server, times as text; all null if there was none */
extern json_t *drill_record_last(const char *server);

/* Gauges for /metrics; none if there was no drill */
extern void drill_record_metrics(Exposition *exposition);

/* Whether a drill of the server has passed */
extern bool drill_record_proven(const char *server);

#endif /* PROOF_LAST_DRILL_H */
