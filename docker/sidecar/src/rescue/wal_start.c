/*
 * wal_start.c
 *
 * Looks for the time of the first commit in some segments, by bisection: WAL
 * has commits in the order of their times, but for milliseconds.
 */
#include "rescue/wal_start.h"

#include <stdbool.h>

#include "wal/commit_record.h"
#include "wal/record_reader.h"
#include "wal/scan.h"

/* How many segments to read before the first commit since the time: transactions began there. */
#define SEGMENTS_BEFORE 8

/* Of a server that commits nothing for long, look at no more segments at a time. */
#define SEGMENTS_WITHOUT_COMMIT 64

static bool first_commit(const WalPathFile *file, int64_t *time);
static bool visit(const WalRecord *record, void *context);

size_t
wal_start(const WalPath *path, int64_t since)
{
	size_t		low = 0;
	size_t		high = path->count;	/* all from here on are after the time */

	if (since == INT64_MIN)
		return 0;
	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;
		size_t		probe = middle;
		int64_t		time = INT64_MIN;

		while (probe < high && probe - middle < SEGMENTS_WITHOUT_COMMIT && !first_commit(&path->files[probe], &time))
			probe++;
		/* without a commit, nothing is known: read it */
		if (time >= since || time == INT64_MIN)
			high = middle;
		else
			low = probe + 1;
	}
	return low > SEGMENTS_BEFORE ? low - SEGMENTS_BEFORE : 0;
}

static bool
first_commit(const WalPathFile *file, int64_t *time)
{
	SegmentError error;
	SegmentFile *segment = segment_file_open(file->path, &error);
	RecordReader *reader = record_reader_new();

	*time = INT64_MIN;
	if (segment != NULL)
		(void) scan_segment(reader, segment, file->name, visit, time, &error);
	segment_file_close(segment);
	record_reader_free(reader);
	return *time != INT64_MIN;
}

/* A ScanVisitor; stops at the first end of a transaction. */
static bool
visit(const WalRecord *record, void *context)
{
	int64_t    *time = context;
	RecordParts parts;
	CommitRecord commit;
	bool		ends = false;

	if (record->rmgr != RMGR_XACT || record_parse(record, &parts) != NULL ||
		commit_record_parse(record, &parts, &ends, &commit) != NULL || !ends)
		return true;
	*time = commit.time;
	return false;
}
