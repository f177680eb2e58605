/*
 * log_lines.h
 *
 * Log lines of a job.
 */
#ifndef JOBS_LOG_LINES_H
#define JOBS_LOG_LINES_H

#include "jobs/table.h"

/* The lock is held. */
extern void job_add_line(Job *job, JobLogLevel level, const char *text);

#endif /* JOBS_LOG_LINES_H */
