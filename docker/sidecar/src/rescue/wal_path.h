/*
 * wal_path.h
 *
 * The WAL of a server that Barman has, archived or received, along the
 * timelines that lead to its newest.
 */
#ifndef RESCUE_WAL_PATH_H
#define RESCUE_WAL_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "barman/timeline.h"
#include "jobs/job.h"

typedef struct WalPathFile
{
	char *path;
	char name[25];	 /* of the segment, whatever the file is called */
	bool is_partial; /* its end is not written yet, or never will be */
	uint64_t number; /* of the segment, from the beginning of WAL */
} WalPathFile;

typedef struct WalPath
{
	int timeline;		 /* the newest */
	TimelinePart *parts; /* the earlier ones that lead to it */
	size_t part_count;
	uint64_t segment_size;
	WalPathFile *files; /* one of each segment, in order; there may be gaps */
	size_t count;
	size_t elsewhere; /* files of timelines that lead nowhere */
} WalPath;

/* False, and *path is empty: the job was cancelled or has failed. */
extern bool wal_path_find(Job *job, WalPath *path);
extern void wal_path_free(WalPath *path);

/* The timeline of a position */
extern int wal_path_timeline(const WalPath *path, uint64_t lsn);

#endif /* RESCUE_WAL_PATH_H */
