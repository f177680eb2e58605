/*
 * segment_file.h
 *
 * An archived segment of WAL as a stream of pages, whatever it is compressed by.
 */
#ifndef WAL_SEGMENT_FILE_H
#define WAL_SEGMENT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wal/decompress.h"

typedef struct SegmentFile SegmentFile;

typedef enum SegmentRefusal
{
	SEGMENT_UNREADABLE, /* the file cannot be opened or read */
	SEGMENT_NO_FILE,	/* a link, a directory, a device */
	SEGMENT_UNKNOWN,	/* neither WAL nor compressed in a known way: Barman may know it */
	SEGMENT_DAMAGED		/* a compression that does not end, or a wrong size */
} SegmentRefusal;

typedef struct SegmentError
{
	SegmentRefusal refusal;
	char detail[160];
} SegmentError;

/* NULL, and *error says why */
extern SegmentFile *segment_file_open(const char *path, SegmentError *error);
extern void segment_file_close(SegmentFile *file);

extern Compression segment_file_compression(const SegmentFile *file);

/*
 * Reads so many bytes; less only at the end of the segment, where 0 says that
 * it had the right size.  -1, and *error says why: of what has been read
 * before, nothing is known to be whole.
 */
extern long segment_file_read(SegmentFile *file, uint8_t *buffer, size_t size, SegmentError *error);

#endif /* WAL_SEGMENT_FILE_H */
