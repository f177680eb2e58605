/*
 * tally.h
 *
 * Counts jobs by kind and state, for /metrics.
 */
#ifndef JOBS_TALLY_H
#define JOBS_TALLY_H

#include "base/exposition.h"
#include "jobs/table.h"

/* A job of this process has ended; the lock of the jobs is held. */
extern void job_tally_add(const Job *job);

#endif /* JOBS_TALLY_H */
