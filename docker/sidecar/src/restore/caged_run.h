/*
 * caged_run.h
 *
 * Runs a PostgreSQL program on data that a hostile primary may have written.
 */
#ifndef RESTORE_CAGED_RUN_H
#define RESTORE_CAGED_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs/job.h"

/*
 * As job_run(), for a program of settings.pg_bindir: argv[0] is its path,
 * input its standard input, or NULL.  It executes nothing else, writes only to
 * its standard streams, and reads only libraries and, unless NULL, files below
 * directory.  asks: it connects to sockets in the file system.  Without
 * Landlock it is not started, unless the settings permit that.
 */
extern void caged_run(Job *job, const char *directory, bool asks, const char *const *argv,
					  const char *input, int64_t deadline_ms, RunResult *result);

/* The same for one that connects to a socket, and whose standard output goes to a sink (RunRequest). */
extern void caged_stream(Job *job, const char *const *argv, const char *input, int64_t deadline_ms,
						 bool (*sink)(void *arg, const char *bytes, size_t length), void *arg,
						 RunResult *result);

#endif /* RESTORE_CAGED_RUN_H */
