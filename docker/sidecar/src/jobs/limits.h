/*
 * limits.h
 *
 * Limits on jobs.
 */
#ifndef JOBS_LIMITS_H
#define JOBS_LIMITS_H

#include "base/exposition.h"
#include "jobs/job.h"

/*
 * Returns the answer that refuses one more job of that kind, or NULL.
 * backup_id: of its request, or NULL.  The lock of the jobs is held.
 */
extern Answer *job_limits_refuse(const JobCaller *caller, const JobKind *kind, const char *server,
								 const char *backup_id);

/* Whether the limit per hour counts this job, which must then be kept; the lock is held. */
extern bool job_limits_need(const Job *job);

/* For /metrics */
extern void job_limits_metrics(Exposition *exposition);

#endif /* JOBS_LIMITS_H */
