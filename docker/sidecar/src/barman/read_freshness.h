/*
 * read_freshness.h
 *
 * How long the answers of each kind of read are fresh.
 */
#ifndef BARMAN_READ_FRESHNESS_H
#define BARMAN_READ_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/read_target.h"
#include "base/answer.h"

/* Barman connects to PostgreSQL for it, and may hang with it. */
extern bool read_is_live(ReadKind kind);

/*
 * What changes with the files that the answer depends on; 0: nothing does, or
 * nobody knows.
 */
extern uint64_t read_signature(ReadKind kind, const char *server);

/*
 * Of an answer whose signature is still the same: is it fresh?  max_age_ms
 * (READ_AGE_DEFAULT: none) reduces the age that the kind allows.
 */
extern bool read_is_fresh(ReadKind kind, const Answer *answer, uint64_t signature,
						  int64_t max_age_ms);

/*
 * Expired, but for no longer than a run of Barman should take.  Expired
 * failures are not served.
 */
extern bool read_is_stale_but_good(ReadKind kind, const Answer *answer, uint64_t signature,
								   int64_t max_age_ms);

#endif /* BARMAN_READ_FRESHNESS_H */
