/*
 * record_reader.c
 *
 * Finds records in pages.  Copies only those that cross a page, and allocates
 * no more than has arrived of one.
 */
#include "wal/record_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wal/bytes.h"
#include "wal/crc32c.h"
#include "wal/page_check.h"
#include "wal/reader_state.h"

/* Kept from one record to the next; what a rare long one needed is not */
#define BUFFER_KEPT	 (1024 * 1024)
#define BUFFER_LEAST 65536

#define XLOG_SWITCH 0x40

static WalStep begin_record(RecordReader *reader, WalRecord *record);
static WalStep continue_record(RecordReader *reader, WalRecord *record);
static void add_to_buffer(RecordReader *reader, uint32_t length);
static bool check_header(RecordReader *reader, const uint8_t *header, uint64_t lsn);
static WalStep finish_record(RecordReader *reader, const uint8_t *bytes, uint32_t length,
							 uint64_t lsn, WalRecord *record);

RecordReader *
record_reader_new(void)
{
	return mem_alloc(sizeof(RecordReader));
}

void
record_reader_free(RecordReader *reader)
{
	if (reader == NULL)
		return;
	free(reader->buffer);
	free(reader);
}

void
record_reader_restart(RecordReader *reader)
{
	RecordReader fresh = {
		.version = reader->version,
		.system = reader->system,
		.segment_size = reader->segment_size,
	};

	free(reader->buffer);
	*reader = fresh;
}

bool
record_reader_segment(RecordReader *reader, const char *name)
{
	char part[3][9] = {"", "", ""};
	uint32_t timeline;

	if (strlen(name) != 24 || strspn(name, "0123456789ABCDEF") != 24)
		return false;
	for (int i = 0; i < 3; i++)
		memcpy(part[i], name + 8 * i, 8);
	timeline = (uint32_t) strtoul(part[0], NULL, 16);
	reader->log = (uint32_t) strtoul(part[1], NULL, 16);
	reader->number = (uint32_t) strtoul(part[2], NULL, 16);
	if (reader->end.reason == WAL_END_NONE && !reader->at_segment_start && reader->next_page != 0 &&
		reader->next_page % reader->segment_size != 0)
		reader_ends(reader, WAL_END_ADDRESS, reader->next_page,
					"the segment before is not read to its end");
	else if (reader->end.reason == WAL_END_NONE && (timeline == 0 || timeline < reader->timeline))
		reader_ends(reader, WAL_END_TIMELINE, reader->next_page,
					"timeline %" PRIu32 " does not follow timeline %" PRIu32, timeline,
					reader->timeline);
	reader->timeline = timeline;
	reader->at_segment_start = true;
	reader->to_segment_end = false;
	reader->page = NULL;
	return true;
}

void
record_reader_page(RecordReader *reader, const uint8_t page[WAL_PAGE_SIZE])
{
	if (reader->end.reason != WAL_END_NONE)
		return;
	if (reader->timeline == 0)
	{
		reader_ends(reader, WAL_END_PAGE, 0, "a page of no segment");
		return;
	}
	/* what follows a switch is not looked at */
	if (reader->to_segment_end)
		return;
	if (reader->next_page != 0 && !reader->at_segment_start &&
		reader->next_page % reader->segment_size == 0)
	{
		reader_ends(reader, WAL_END_ADDRESS, reader->next_page,
					"the segment has more pages than its size");
		return;
	}
	reader->page = page;
	if (!page_check(reader))
		reader->page = NULL;
}

WalStep
record_reader_next(RecordReader *reader, WalRecord *record)
{
	if (reader->end.reason != WAL_END_NONE)
		return WAL_END;
	if (reader->page == NULL)
		return WAL_PAGE;
	if (reader->to_segment_end || reader->offset >= WAL_PAGE_SIZE)
	{
		reader->page = NULL;
		return WAL_PAGE;
	}
	return reader->unfinished != 0 ? continue_record(reader, record) : begin_record(reader, record);
}

const WalEnd *
record_reader_end(const RecordReader *reader)
{
	return &reader->end;
}

uint32_t
record_reader_segment_size(const RecordReader *reader)
{
	return reader->segment_size;
}

uint64_t
record_reader_system(const RecordReader *reader)
{
	return reader->system;
}

const WalVersion *
record_reader_version(const RecordReader *reader)
{
	return reader->version;
}

uint64_t
record_reader_position(const RecordReader *reader)
{
	if (reader->unfinished != 0)
		return reader->unfinished;
	return reader->page != NULL ? reader->page_address + reader->offset : reader->next_page;
}

/* offset is a multiple of eight, so that the length is on this page whatever else is. */
static WalStep
begin_record(RecordReader *reader, WalRecord *record)
{
	const uint8_t *at = reader->page + reader->offset;
	uint32_t left = WAL_PAGE_SIZE - reader->offset;
	uint64_t lsn = reader->page_address + reader->offset;
	uint32_t length = bytes_u32(at);

	if (length < RECORD_HEADER_SIZE || length > RECORD_SIZE_MAX)
	{
		reader_ends(reader, length == 0 ? WAL_END_ZEROES : WAL_END_RECORD, lsn,
					"the record has a length of %" PRIu32 " bytes", length);
		return WAL_END;
	}
	if (left >= RECORD_HEADER_SIZE && !check_header(reader, at, lsn))
		return WAL_END;
	if (length <= left)
	{
		reader->offset += (length + 7) & ~7U;
		return finish_record(reader, at, length, lsn, record);
	}
	if (reader->buffer_size > BUFFER_KEPT)
	{
		free(reader->buffer);
		reader->buffer = NULL;
		reader->buffer_size = 0;
	}
	reader->unfinished = lsn;
	reader->length = length;
	reader->have = 0;
	add_to_buffer(reader, left);
	reader->page = NULL;
	return WAL_PAGE;
}

static WalStep
continue_record(RecordReader *reader, WalRecord *record)
{
	uint32_t left = WAL_PAGE_SIZE - reader->offset;
	uint32_t rest = reader->length - reader->have;
	bool had_header = reader->have >= RECORD_HEADER_SIZE;
	uint64_t lsn = reader->unfinished;

	add_to_buffer(reader, rest < left ? rest : left);
	if (!had_header && reader->have >= RECORD_HEADER_SIZE &&
		!check_header(reader, reader->buffer, lsn))
		return WAL_END;
	if (reader->have < reader->length)
	{
		reader->page = NULL;
		return WAL_PAGE;
	}
	reader->offset += (rest + 7) & ~7U;
	reader->unfinished = 0;
	return finish_record(reader, reader->buffer, reader->length, lsn, record);
}

static void
add_to_buffer(RecordReader *reader, uint32_t length)
{
	size_t wanted = (size_t) reader->have + length;

	if (wanted > reader->buffer_size)
	{
		/* no more than the record says, and no more than twice what is there of it */
		reader->buffer_size = wanted < BUFFER_LEAST ? BUFFER_LEAST : wanted * 2;
		if (reader->buffer_size > reader->length && reader->length > BUFFER_LEAST)
			reader->buffer_size = reader->length;
		reader->buffer = mem_realloc(reader->buffer, reader->buffer_size);
	}
	memcpy(reader->buffer + reader->have, reader->page + reader->offset, length);
	reader->have += length;
}

static bool
check_header(RecordReader *reader, const uint8_t *header, uint64_t lsn)
{
	uint64_t previous = bytes_u64(header + 8);
	uint8_t rmgr = header[17];

	if (rmgr > RMGR_LAST && rmgr < RMGR_CUSTOM_FIRST)
		return reader_ends(reader, WAL_END_RECORD, lsn,
						   "the record is of the resource manager %d, which does not exist", rmgr);
	if (reader->previous != 0 ? previous != reader->previous : previous >= lsn)
		return reader_ends(reader, WAL_END_PREVIOUS, lsn,
						   "the record says that the one before is at %" PRIX64 "/%" PRIX64,
						   previous >> 32, previous & 0xFFFFFFFF);
	return true;
}

static WalStep
finish_record(RecordReader *reader, const uint8_t *bytes, uint32_t length, uint64_t lsn,
			  WalRecord *record)
{
	uint32_t crc = crc32c_add(CRC32C_START, bytes + RECORD_HEADER_SIZE, length - RECORD_HEADER_SIZE);

	crc = CRC32C_FINISH(crc32c_add(crc, bytes, 20));
	if (crc != bytes_u32(bytes + 20))
	{
		reader_ends(reader, WAL_END_CHECKSUM, lsn,
					"the record has the checksum %08" PRIX32 " and says %08" PRIX32, crc,
					bytes_u32(bytes + 20));
		return WAL_END;
	}
	reader->previous = lsn;
	record->lsn = lsn;
	record->end_lsn = reader->page_address + reader->offset;
	record->length = length;
	record->xid = bytes_u32(bytes + 4);
	record->previous = bytes_u64(bytes + 8);
	record->info = bytes[16];
	record->rmgr = bytes[17];
	record->version = reader->version->major;
	record->body = bytes + RECORD_HEADER_SIZE;
	if (record->rmgr == RMGR_XLOG && (record->info & 0xF0) == XLOG_SWITCH)
	{
		uint64_t size = reader->segment_size;

		record->end_lsn = (record->end_lsn + size - 1) / size * size;
		reader->to_segment_end = true;
		reader->next_page = record->end_lsn;
	}
	return WAL_RECORD;
}
