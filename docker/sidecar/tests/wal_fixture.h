/*
 * wal_fixture.h
 *
 * Segments for the tests of src/wal: two real ones, and some that are written
 * here as PostgreSQL would, or would not.
 */
#ifndef WAL_FIXTURE_H
#define WAL_FIXTURE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wal/crc32c.h"
#include "wal/scan.h"

#define SEGMENT_SIZE (1024 * 1024)
#define FIRST_NAME	 "000000010000000000000007"
#define SECOND_NAME	 "000000010000000000000008"
#define FIRST_PATH	 "tests/wal_segments/" FIRST_NAME ".gz"
#define SECOND_PATH	 "tests/wal_segments/" SECOND_NAME ".gz"

/* Of the first segment, whose rest is empty */
#define FIRST_RECORDS 82
#define FIRST_USED	  (4 * WAL_PAGE_SIZE)
#define BOTH_RECORDS  87

static inline uint8_t *
read_segment(const char *path)
{
	SegmentError error;
	SegmentFile *file = segment_file_open(path, &error);
	uint8_t *bytes = malloc(SEGMENT_SIZE);

	if (file == NULL)
		fail_msg("%s: %s: run this from docker/sidecar", path, error.detail);
	assert_int_equal(segment_file_read(file, bytes, SEGMENT_SIZE, &error), SEGMENT_SIZE);
	assert_int_equal(segment_file_read(file, bytes, 1, &error), 0);
	segment_file_close(file);
	return bytes;
}

/* A timeline as it is written: pages one after the other, from the beginning of segment 1 on */
typedef struct Writer
{
	uint16_t magic;
	uint32_t segment_size;
	uint8_t *bytes; /* whole pages */
	size_t pages;
	size_t used;	/* of them */
	uint64_t start; /* LSN of bytes[0] */
	uint64_t previous;
} Writer;

static inline void
put(uint8_t *at, uint64_t value, int size)
{
	for (int i = 0; i < size; i++)
		at[i] = (uint8_t) (value >> 8 * i);
}

static inline void
writer_page(Writer *writer, uint16_t flags, uint32_t rest)
{
	uint64_t address = writer->start + writer->pages * WAL_PAGE_SIZE;
	bool is_long = address % writer->segment_size == 0;
	uint8_t *page;

	/* twice as large, when it is full */
	if ((writer->pages & (writer->pages - 1)) == 0)
		writer->bytes = realloc(writer->bytes,
								(writer->pages > 0 ? writer->pages * 2 : 1) * WAL_PAGE_SIZE);
	page = writer->bytes + writer->pages * WAL_PAGE_SIZE;
	memset(page, 0, WAL_PAGE_SIZE);
	put(page, writer->magic, 2);
	put(page + 2, (uint16_t) (flags | (is_long ? 2 : 0)), 2);
	put(page + 4, 1, 4);
	put(page + 8, address, 8);
	put(page + 16, rest, 4);
	if (is_long)
	{
		put(page + 24, 4711, 8);
		put(page + 32, writer->segment_size, 4);
		put(page + 36, WAL_PAGE_SIZE, 4);
	}
	writer->used = writer->pages * WAL_PAGE_SIZE + (is_long ? 40 : 24);
	writer->pages++;
}

static inline Writer
writer_start(uint16_t magic, uint32_t segment_size)
{
	Writer writer = {.magic = magic, .segment_size = segment_size, .start = segment_size};

	writer_page(&writer, 0, 0);
	return writer;
}

/* So many bytes of a record; the rest is on the pages that follow, if it is wanted */
static inline void
writer_bytes(Writer *writer, const uint8_t *record, uint32_t length, uint32_t limit)
{
	uint32_t done = 0;

	while (done < limit)
	{
		size_t left = writer->pages * WAL_PAGE_SIZE - writer->used;
		uint32_t part = limit - done < left ? limit - done : (uint32_t) left;

		memcpy(writer->bytes + writer->used, record + done, part);
		writer->used += part;
		done += part;
		if (done < limit)
			writer_page(writer, 1, length - done);
	}
}

/* Returns the LSN of a record with this body; it is cut after limit bytes, if that is not 0. */
static inline uint64_t
writer_record(Writer *writer, uint8_t rmgr, uint8_t info, uint32_t xid, const uint8_t *body,
			  uint32_t body_length, uint32_t limit)
{
	uint32_t length = body_length + RECORD_HEADER_SIZE;
	uint8_t *record = calloc(1, length);
	uint64_t lsn;

	writer->used = (writer->used + 7) & ~(size_t) 7;
	if (writer->used == writer->pages * WAL_PAGE_SIZE)
		writer_page(writer, 0, 0);
	lsn = writer->start + writer->used;
	put(record, length, 4);
	put(record + 4, xid, 4);
	put(record + 8, writer->previous, 8);
	record[16] = info;
	record[17] = rmgr;
	memcpy(record + RECORD_HEADER_SIZE, body, body_length);
	put(record + 20,
		CRC32C_FINISH(crc32c_add(crc32c_add(CRC32C_START, body, body_length), record, 20)), 4);
	writer_bytes(writer, record, length, limit > 0 ? limit : length);
	if (limit == 0)
		writer->previous = lsn;
	free(record);
	return lsn;
}

/* A record whose main data has this length; the bytes are its xid's. */
static inline uint64_t
writer_main(Writer *writer, uint8_t rmgr, uint8_t info, uint32_t xid, uint32_t main_length)
{
	uint32_t length = main_length + 5;
	uint8_t *body = malloc(length);
	uint64_t lsn;

	memset(body, (int) (xid & 0xFF), length);
	body[0] = 254;
	put(body + 1, main_length, 4);
	lsn = writer_record(writer, rmgr, info, xid, body, length, 0);
	free(body);
	return lsn;
}

/* The records of pages from the beginning of a segment on, at most so many; the reader's state is what they leave. */
static inline int
read_pages(RecordReader *reader, const uint8_t *bytes, size_t pages, WalRecord *records, int room)
{
	int count = 0;

	for (size_t i = 0; i < pages; i++)
	{
		WalRecord record;
		WalStep step;
		/* of its own, so that a sanitizer sees what is read beyond */
		uint8_t *page = malloc(WAL_PAGE_SIZE);

		memcpy(page, bytes + i * WAL_PAGE_SIZE, WAL_PAGE_SIZE);
		record_reader_page(reader, page);
		while ((step = record_reader_next(reader, &record)) == WAL_RECORD)
		{
			if (count < room)
				records[count] = record;
			count++;
		}
		free(page);
		if (step == WAL_END)
			break;
	}
	return count;
}

#endif /* WAL_FIXTURE_H */
