/*
 * lifecycle.h
 *
 * Jobs from the start of the sidecar to its end.
 */
#ifndef JOBS_LIFECYCLE_H
#define JOBS_LIFECYCLE_H

#include "jobs/table.h"

/* Removes old jobs; the lock is held. */
extern void jobs_purge(void);

#endif /* JOBS_LIFECYCLE_H */
