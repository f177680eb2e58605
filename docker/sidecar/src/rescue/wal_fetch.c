/*
 * wal_fetch.c
 *
 * Has Barman decrypt or decompress a segment: that takes longer than to read
 * its file, and needs room for one segment.
 */
#include "rescue/wal_fetch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/directory.h"
#include "base/memory.h"
#include "base/settings.h"

#define GET_WAL_DEADLINE_MS (INT64_C(10) * 60 * 1000)

static bool get_wal(Job *job, const char *name, const char *directory);

/* What is open needs no name. */
SegmentFile *
wal_fetch(Job *job, const char *name, SegmentError *error)
{
	char *directory = mem_printf("%s/wal_XXXXXX", settings.state_dir);
	char *path;
	SegmentFile *segment = NULL;
	SegmentError other;

	if (mkdtemp(directory) == NULL)
	{
		free(directory);
		return NULL;
	}
	path = mem_printf("%s/%s", directory, name);
	if (get_wal(job, name, directory))
	{
		segment = segment_file_open(path, &other);
		if (segment == NULL)
			*error = other;
	}
	(void) directory_remove(directory);
	free(path);
	free(directory);
	return segment;
}

static bool
get_wal(Job *job, const char *name, const char *directory)
{
	const char *command[] = {"get-wal", "--output-directory", directory, job_server(job), name,
							 NULL};
	RunResult result;
	bool good = job_run(job, command, GET_WAL_DEADLINE_MS, NULL, NULL, &result) &&
				result.outcome == RUN_EXITED && result.exit_code == 0;

	runner_free(&result);
	return good;
}
