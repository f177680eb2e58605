/*
 * scan.c
 *
 * Gives the pages of a file to a reader, and its records to a visitor.
 */
#include "wal/scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

/* Pages read at once */
#define CHUNK_SIZE (32 * WAL_PAGE_SIZE)

static ScanOutcome scan_page(RecordReader *reader, const uint8_t *page, ScanVisitor visit,
							 void *context);

ScanOutcome
scan_segment(RecordReader *reader, SegmentFile *file, const char *name, ScanVisitor visit,
			 void *context, SegmentError *error)
{
	uint8_t *chunk;
	ScanOutcome outcome = SCAN_DONE;
	long got;

	if (!record_reader_segment(reader, name))
	{
		error->refusal = SEGMENT_NO_FILE;
		snprintf(error->detail, sizeof(error->detail), "its name is not that of a segment");
		return SCAN_FAILED;
	}
	chunk = mem_alloc(CHUNK_SIZE);
	while (outcome == SCAN_DONE && (got = segment_file_read(file, chunk, CHUNK_SIZE, error)) != 0)
	{
		/* the size of a segment is a multiple of the page's, which has been checked */
		for (long at = 0; at < got && outcome == SCAN_DONE; at += WAL_PAGE_SIZE)
			outcome = scan_page(reader, chunk + at, visit, context);
		if (got < 0)
			outcome = SCAN_FAILED;
	}
	free(chunk);
	return outcome;
}

static ScanOutcome
scan_page(RecordReader *reader, const uint8_t *page, ScanVisitor visit, void *context)
{
	WalRecord record;
	WalStep step;

	record_reader_page(reader, page);
	while ((step = record_reader_next(reader, &record)) == WAL_RECORD)
	{
		if (!visit(&record, context))
			return SCAN_STOPPED;
	}
	return step == WAL_END ? SCAN_WAL_ENDED : SCAN_DONE;
}
