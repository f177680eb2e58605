/*
 * wal_end.c
 *
 * Reads the last segments of a run for their last record and their last commit.
 */
#include "outlook/wal_end.h"

#include <stdlib.h>

#include "base/memory.h"
#include "wal/commit_record.h"
#include "wal/record_reader.h"
#include "wal/scan.h"

/* A server that commits nothing for so long is asked for no time. */
#define SEGMENTS_MOST 4

/* Before 2000, or later than RFC 3339 can write, a record is forged. */
#define FIRST_TIME_US (INT64_C(946684800) * 1000000)
#define LAST_TIME_US  (INT64_C(253402300799) * 1000000)

typedef struct Look
{
	uint64_t before;
	WalEndFacts facts;
} Look;

static bool visit(const WalRecord *record, void *context);

WalEndFacts
wal_end_read(const ArchiveListing *archive, uint32_t timeline, uint64_t first, uint64_t last,
			 uint64_t before)
{
	WalEndFacts found = {0};

	for (uint64_t n = 0; n < SEGMENTS_MOST && last >= first + n && !found.has_commit; n++)
	{
		ArchivedSegment segment = {timeline, last - n};
		char name[SEGMENT_NAME_SIZE];
		char *path = archive_path_of(archive, &segment);
		Look look = {.before = before};
		SegmentError error;
		SegmentFile *file = segment_file_open(path, &error);
		RecordReader *reader = record_reader_new();

		archive_name_of_segment(archive, &segment, name);
		if (file != NULL)
			(void) scan_segment(reader, file, name, visit, &look, &error);
		segment_file_close(file);
		record_reader_free(reader);
		free(path);
		if (look.facts.has_record && !found.has_record)
		{
			found.has_record = true;
			found.record = look.facts.record;
		}
		/* behind a segment that cannot be read there may be later ones */
		if (!look.facts.has_record)
			break;
		found.has_commit = look.facts.has_commit;
		found.commit = look.facts.commit;
	}
	return found;
}

/* A ScanVisitor */
static bool
visit(const WalRecord *record, void *context)
{
	Look *look = context;
	RecordParts parts;
	CommitRecord commit;
	bool ends = false;

	if (record->lsn >= look->before)
		return false;
	look->facts.has_record = true;
	look->facts.record = record->lsn;
	if (record->rmgr == RMGR_XACT && record_parse(record, &parts) == NULL &&
		commit_record_parse(record, &parts, &ends, &commit) == NULL && ends &&
		commit.time >= FIRST_TIME_US && commit.time <= LAST_TIME_US)
	{
		look->facts.has_commit = true;
		look->facts.commit = commit.time;
	}
	return true;
}
