/*
 * wal_source.c
 *
 * Opens a segment that Barman has.  One that is encrypted, or compressed by a
 * program of Barman's configuration, is fetched by Barman itself: that takes
 * longer, and needs room for one segment.
 */
#include "rescue/wal_source.h"

#include <stdio.h>
#include <stdlib.h>

#include "barman/catalogue.h"
#include "base/directory.h"
#include "base/memory.h"
#include "base/settings.h"

#define GET_WAL_DEADLINE_MS (INT64_C(10) * 60 * 1000)

static SegmentFile *open_fetched(Job *job, const char *name, SegmentError *error);
static bool get_wal(Job *job, const char *name, const char *directory);

SegmentFile *
wal_source_open(Job *job, const WalPathFile *file, SegmentError *error)
{
	SegmentFile *segment = segment_file_open(file->path, error);
	char *archived;

	if (segment == NULL && error->refusal == SEGMENT_UNREADABLE)
	{
		/* what was received may have been archived meanwhile */
		archived = catalogue_wal_path(job_server(job), file->name);
		if (archived != NULL)
			segment = segment_file_open(archived, error);
		free(archived);
	}
	if (segment == NULL && error->refusal == SEGMENT_UNKNOWN && !file->is_partial)
		segment = open_fetched(job, file->name, error);
	return segment;
}

/* Leaves the error as it is if Barman cannot give the segment either.  What is open needs no name. */
static SegmentFile *
open_fetched(Job *job, const char *name, SegmentError *error)
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
