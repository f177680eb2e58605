/*
 * caged_run.h
 *
 * A program of PostgreSQL's that reads what a hostile primary has written.
 */
#ifndef RESTORE_CAGED_RUN_H
#define RESTORE_CAGED_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "jobs/job.h"

/*
 * As job_run(), for a program of settings.pg_bindir: argv[0] is its path, input
 * what it reads, or NULL.  It executes nothing else, writes to its standard streams alone, and reads libraries, and
 * what is below directory unless that is NULL.  asks: it connects to sockets
 * in the file system.  Without Landlock it is not started, unless the sidecar
 * was told that it may.
 */
extern bool caged_run(Job *job, const char *directory, bool asks, const char *const *argv,
					  const char *input, int64_t deadline_ms, RunResult *result);

#endif							/* RESTORE_CAGED_RUN_H */
