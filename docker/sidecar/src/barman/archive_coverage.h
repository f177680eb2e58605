/*
 * archive_coverage.h
 *
 * What the WAL archive of a server covers, and where it has gaps.
 */
#ifndef BARMAN_ARCHIVE_COVERAGE_H
#define BARMAN_ARCHIVE_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/archive_listing.h"

typedef struct ArchiveCoverage
{
	int64_t segments;				/* of all timelines */
	char newest[SEGMENT_NAME_SIZE]; /* of the newest timeline; "" if there is none */
	uint64_t end;					/* the position where that ends */
	int64_t newest_time;			/* its modification, in microseconds; 0: unknown */
	int64_t missing;				/* segments since the oldest backup; -1: there is no backup */
	int64_t reached_time;			/* modification of the last one that the latest backup can be
							 * recovered to without a gap; 0: unknown */
} ArchiveCoverage;

/*
 * Lists the archive.  oldest and latest: the first segment of the oldest and of
 * the latest backup, or NULL.  False if the directory is unknown or unreadable.
 * May hang with the file system.
 */
extern bool archive_coverage(const char *server, int64_t segment_size, const char *oldest,
							 const char *latest, ArchiveCoverage *coverage);

#endif /* BARMAN_ARCHIVE_COVERAGE_H */
