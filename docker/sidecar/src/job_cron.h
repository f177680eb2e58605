/*
 * job_cron.h
 *
 * Barman's maintenance: at an interval, and as a job on request.
 */
#ifndef JOB_CRON_H
#define JOB_CRON_H

#include <stdbool.h>

#include "job.h"

extern const JobKind job_cron;

/* "barman -q cron" at once and then every interval seconds; 0: never. */
extern bool cron_start(int interval);
extern void cron_stop(void);

#endif							/* JOB_CRON_H */
