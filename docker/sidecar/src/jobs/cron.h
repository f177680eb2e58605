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

/* "barman -q cron" at once and then every interval seconds; 0: never. */
extern bool cron_start(int interval);
extern void cron_stop(void);

/*
 * The last run that came to its end, at the interval or on request: when (0:
 * none yet), and what went wrong, malloc'd, or NULL.
 */
extern void cron_last_run(int64_t *ended, char **failure);

#endif							/* JOBS_CRON_H */
