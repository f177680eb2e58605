/*
 * end_reason.h
 *
 * Where WAL ends, and why.
 */
#ifndef WAL_END_REASON_H
#define WAL_END_REASON_H

#include <stdint.h>

typedef enum WalEndReason
{
	WAL_END_NONE,
	WAL_END_ZEROES,		  /* nothing has been written here yet */
	WAL_END_VERSION,	  /* the magic number of an unknown version, or of another than before */
	WAL_END_PAGE,		  /* a page header that PostgreSQL does not write */
	WAL_END_ADDRESS,	  /* a page of another position: an older one, or a segment is missing */
	WAL_END_SYSTEM,		  /* of another cluster */
	WAL_END_TIMELINE,	  /* of another timeline than the segment, or of an older one than before */
	WAL_END_SEGMENT_SIZE, /* invalid, or another than before */
	WAL_END_RECORD,		  /* a record header that PostgreSQL does not write */
	WAL_END_PREVIOUS,	  /* the record does not follow the one before */
	WAL_END_CHECKSUM,
	WAL_END_CONTINUATION /* the rest of a record is missing */
} WalEndReason;

typedef struct WalEnd
{
	WalEndReason reason;
	uint64_t lsn; /* of the record or page; 0: not known */
	char detail[160];
} WalEnd;

#endif /* WAL_END_REASON_H */
