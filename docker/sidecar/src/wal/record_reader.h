/*
 * record_reader.h
 *
 * Finds the records in the pages of WAL, segment after segment.
 *
 * The caller gives pages and takes records:
 *
 *	reader = record_reader_new();
 *	for each segment:
 *		record_reader_segment(reader, name);
 *		for each of its pages:
 *			record_reader_page(reader, page);
 *			while ((step = record_reader_next(reader, &record)) == WAL_RECORD)
 *				...
 *			if (step == WAL_END)
 *				...
 *
 * The first segment may begin within a record, which is skipped.  The segments
 * that follow must be those that follow; a later one may be of a later
 * timeline, whose first segment repeats what was there before.
 *
 * Nothing in a page is believed: what is not as PostgreSQL writes it ends the
 * WAL, with a reason, and whether that is an error the caller knows: a segment
 * that is still written ends so, one that is archived whole does not.
 */
#ifndef WAL_RECORD_READER_H
#define WAL_RECORD_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wal/end_reason.h"
#include "wal/page_header.h"
#include "wal/record_body.h"

typedef enum WalStep
{
	WAL_RECORD,
	WAL_PAGE, /* the next page is wanted */
	WAL_END	  /* until record_reader_restart() */
} WalStep;

typedef struct RecordReader RecordReader;

extern RecordReader *record_reader_new(void);
extern void record_reader_free(RecordReader *reader);

/* Forgets position and end, so that the next segment is the first again; still wants the same cluster and version. */
extern void record_reader_restart(RecordReader *reader);

/*
 * The pages from now on are of this segment: 24 digits, as its file is named.
 * False if they are none.
 */
extern bool record_reader_segment(RecordReader *reader, const char *name);

/* The page must stay until record_reader_next() wants another. */
extern void record_reader_page(RecordReader *reader, const uint8_t page[WAL_PAGE_SIZE]);

/* The record stays until the next call. */
extern WalStep record_reader_next(RecordReader *reader, WalRecord *record);

extern const WalEnd *record_reader_end(const RecordReader *reader);

/* 0, or NULL, before the first page */
extern uint32_t record_reader_segment_size(const RecordReader *reader);
extern uint64_t record_reader_system(const RecordReader *reader);
extern const WalVersion *record_reader_version(const RecordReader *reader);

/* Where the next record begins or the unfinished one began; 0: not known */
extern uint64_t record_reader_position(const RecordReader *reader);

#endif /* WAL_RECORD_READER_H */
