/*
 * lost_job.h
 *
 * Jobs that ran when the sidecar ended.
 */
#ifndef JOBS_LOST_JOB_H
#define JOBS_LOST_JOB_H

#include "jobs/table.h"

/*
 * Marks a job as lost, of the record that was written while it ran.  Ends its
 * processes, because their outcome could not be reported.
 */
extern void job_lose(Job *job, const json_t *record);

#endif /* JOBS_LOST_JOB_H */
