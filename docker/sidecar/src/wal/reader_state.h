/*
 * reader_state.h
 *
 * The state of a reader of records, which is nobody's but record_reader.c's and
 * page_check.c's.
 */
#ifndef WAL_READER_STATE_H
#define WAL_READER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wal/end_reason.h"
#include "wal/page_header.h"

typedef struct RecordReader
{
	/* what all segments have in common, once the first page is read */
	const WalVersion *version;
	uint64_t system;
	uint32_t segment_size;

	/* the segment, by its name */
	uint32_t timeline; /* 0: no segment yet */
	uint32_t log;
	uint32_t number;
	bool at_segment_start; /* its first page is next */
	bool to_segment_end;   /* a switch leaves the rest of it empty */

	/* the page */
	const uint8_t *page; /* NULL: the next is wanted */
	uint64_t page_address;
	uint64_t next_page;		/* 0: any position is right */
	uint32_t page_timeline; /* 0: any */
	uint32_t offset;		/* in page */

	/* the record */
	uint64_t previous;	 /* where the last one begins; 0: none yet */
	uint64_t skip;		 /* so much is left of the one in which we began */
	uint64_t unfinished; /* where the one begins that goes on on the next page; 0: none */
	uint32_t length;	 /* of that one */
	uint32_t have;		 /* so much of it is in buffer */
	uint8_t *buffer;
	size_t buffer_size;

	WalEnd end;
} RecordReader;

/* Sets the end; always false */
extern bool reader_ends(RecordReader *reader, WalEndReason reason, uint64_t lsn, const char *format,
						...) __attribute__((format(printf, 4, 5)));

#endif /* WAL_READER_STATE_H */
