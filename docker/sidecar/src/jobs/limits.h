/*
 * limits.h
 *
 * How many jobs there may be.
 */
#ifndef JOBS_LIMITS_H
#define JOBS_LIMITS_H

#include "jobs/job.h"

/*
 * NULL, or the answer that refuses one more job of that kind; the lock of the
 * jobs is held.
 */
extern Answer *job_limits_refuse(const JobCaller *caller, const JobKind *kind,
								 const char *server, const json_t *arguments);

/* A job that must be remembered, or more could be started than the limit says; the lock is held. */
extern bool job_limits_need(const Job *job);

/* Results and records stay below what a reader takes; takes and returns it. */
extern json_t *job_limits_shorten(json_t *result);

/* A copy, of whose texts none is longer */
extern json_t *job_limits_cut(const json_t *value, size_t text_max);

/* For /metrics; to be freed */
extern char *job_limits_metrics(void);

#endif							/* JOBS_LIMITS_H */
