/*
 * expiry.h
 *
 * How long the records of jobs are kept.
 */
#ifndef JOBS_EXPIRY_H
#define JOBS_EXPIRY_H

#include "jobs/table.h"

/* Removes old jobs; the lock is held. */
extern void jobs_purge(void);

/* Frees a job that is in no table. */
extern void job_free(Job *job);

#endif /* JOBS_EXPIRY_H */
