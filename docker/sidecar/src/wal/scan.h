/*
 * scan.h
 *
 * Reads the records of one segment's file.
 */
#ifndef WAL_SCAN_H
#define WAL_SCAN_H

#include <stdbool.h>

#include "wal/record_reader.h"
#include "wal/segment_file.h"

/* False stops the scan; the record is valid during the call only. */
typedef bool (*ScanVisitor)(const WalRecord *record, void *context);

typedef enum ScanOutcome
{
	SCAN_DONE,		/* to the end of the segment */
	SCAN_STOPPED,	/* by the visitor */
	SCAN_WAL_ENDED, /* record_reader_end() says why and where */
	SCAN_FAILED		/* the error says why; records before may have been visited */
} ScanOutcome;

/* name is the segment's 24 digits, whatever the file is called. */
extern ScanOutcome scan_segment(RecordReader *reader, SegmentFile *file, const char *name,
								ScanVisitor visit, void *context, SegmentError *error);

#endif /* WAL_SCAN_H */
