/*
 * settings.c
 *
 * The settings of the sidecar.  options.c fills them from the command line
 * before there is any other thread; nobody changes them afterwards.
 */
#include "base/settings.h"

Settings settings = {
	.max_jobs = DEFAULT_MAX_JOBS,
	.max_jobs_of_kind = DEFAULT_MAX_JOBS_OF_KIND,
	.max_backups_per_hour = DEFAULT_MAX_BACKUPS_PER_HOUR,
};
