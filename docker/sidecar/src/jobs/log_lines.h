/*
 * log_lines.h
 *
 * The lines that a job says.
 */
#ifndef JOBS_LOG_LINES_H
#define JOBS_LOG_LINES_H

#include "jobs/table.h"

/* The lock is held. */
extern void job_add_line(Job *job, JobLogLevel level, const char *text);

#endif							/* JOBS_LOG_LINES_H */
