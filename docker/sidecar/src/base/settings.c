/*
 * settings.c
 *
 * What the sidecar was told when it was started.  Nothing here reads a command
 * line: options.c does, before there is any other thread, and nobody writes
 * after it.
 */
#include "base/settings.h"

Settings	settings = {
	.max_jobs = DEFAULT_MAX_JOBS,
	.max_jobs_of_kind = DEFAULT_MAX_JOBS_OF_KIND,
	.max_backups_per_hour = DEFAULT_MAX_BACKUPS_PER_HOUR
};
