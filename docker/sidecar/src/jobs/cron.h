/*
 * cron.h
 *
 * Barman's maintenance: at an interval, and as a job on request.
 */
#ifndef JOBS_CRON_H
#define JOBS_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "jobs/job.h"

extern const JobKind job_cron;

/* Runs "barman -q cron" at once and then every interval seconds; 0: never. */
extern bool cron_start(int interval);
extern void cron_stop(void);

/*
 * The last run that ended, at the interval or on request: its time (0: none
 * yet) and its failure (malloc'd), or NULL.
 */
extern void cron_last_run(int64_t *ended, char **failure);

#endif /* JOBS_CRON_H */
