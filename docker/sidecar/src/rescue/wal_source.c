/*
 * wal_source.c
 *
 * Opens a segment that Barman has: its file, or what Barman makes of it.
 */
#include "rescue/wal_source.h"

#include <stdlib.h>

#include "barman/catalogue.h"
#include "rescue/wal_fetch.h"

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
		segment = wal_fetch(job, file->name, error);
	return segment;
}
