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

/* For /metrics; to be freed */
extern char *job_limits_metrics(void);

#endif							/* JOBS_LIMITS_H */
