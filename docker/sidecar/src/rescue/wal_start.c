/*
 * wal_start.c
 *
 * Looks for the time of the first commit in some segments, by bisection: WAL
 * has commits in the order of their times, but for milliseconds.
 */
#include "rescue/wal_start.h"

#include <stdbool.h>

#include "rescue/wal_source.h"
#include "wal/commit_record.h"
#include "wal/record_reader.h"
#include "wal/scan.h"

/* How many segments to read before the first commit since the time: transactions began there. */
#define SEGMENTS_BEFORE 8

/* Of a server that commits nothing for long, look at no more segments at a time. */
#define SEGMENTS_WITHOUT_COMMIT 64

/* How many records between two looks whether the job was cancelled */
#define RECORDS_AT_ONCE 4096

typedef struct Probe
{
	Job *job;
	uint64_t records;
	int64_t time; /* INT64_MIN: no commit was seen */
} Probe;

static bool first_commit(Job *job, const WalPathFile *file, int64_t *time);
static bool visit(const WalRecord *record, void *context);

size_t
wal_start(Job *job, const WalPath *path, int64_t since)
{
	size_t low = 0;
	size_t high = path->count; /* all from here on are after the time */
	int64_t begins;

	if (since == INT64_MIN || path->count == 0)
		return 0;
	if (first_commit(job, &path->files[0], &begins) && begins > since)
	{
		job_log(job, JOB_WARNING,
				"the WAL that Barman has begins with segment %s: what was committed before is not found",
				path->files[0].name);
		return 0;
	}
	while (low < high && !job_cancelled(job))
	{
		size_t middle = low + (high - low) / 2;
		size_t probe = middle;
		int64_t time = INT64_MIN;

		while (probe < high && probe - middle < SEGMENTS_WITHOUT_COMMIT && !job_cancelled(job) &&
			   !first_commit(job, &path->files[probe], &time))
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
first_commit(Job *job, const WalPathFile *file, int64_t *time)
{
	Probe probe = {.job = job, .time = INT64_MIN};
	SegmentError error;
	SegmentFile *segment = wal_source_open(job, file, &error);
	RecordReader *reader = record_reader_new();

	if (segment != NULL)
		(void) scan_segment(reader, segment, file->name, visit, &probe, &error);
	segment_file_close(segment);
	record_reader_free(reader);
	*time = probe.time;
	return probe.time != INT64_MIN;
}

/* A ScanVisitor; stops at the first end of a transaction. */
static bool
visit(const WalRecord *record, void *context)
{
	Probe *probe = context;
	RecordParts parts;
	CommitRecord commit;
	bool ends = false;

	if (probe->records++ % RECORDS_AT_ONCE == 0 && job_cancelled(probe->job))
		return false;
	if (record->rmgr != RMGR_XACT || record_parse(record, &parts) != NULL ||
		commit_record_parse(record, &parts, &ends, &commit) != NULL || !ends)
		return true;
	probe->time = commit.time;
	return false;
}
