/*
 * waiters.h
 *
 * Waiters for news of a job.
 */
#ifndef JOBS_WAITERS_H
#define JOBS_WAITERS_H

#include "jobs/table.h"

/* Wakes them; the lock is held. */
extern void job_touch(Job *job);

#endif /* JOBS_WAITERS_H */
