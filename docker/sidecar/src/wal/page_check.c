/*
 * page_check.c
 *
 * Is the next page the one that follows?  Reads headers of pages only.
 */
#include "wal/page_check.h"

#include <inttypes.h>
#include <string.h>

#include "wal/record_body.h"

static bool check_header(RecordReader *reader, const PageHeader *header);
static bool check_segment(RecordReader *reader, const PageHeader *header);
static bool check_address(RecordReader *reader, const PageHeader *header);
static bool find_records(RecordReader *reader, const PageHeader *header);
static bool find_rest(RecordReader *reader, const PageHeader *header, uint64_t wanted);
static bool is_zero(const uint8_t *page);

bool
page_check(RecordReader *reader)
{
	PageHeader header;
	bool flags_exist = page_header_read(reader->page, &header);
	uint64_t lsn = reader->next_page;

	if (is_zero(reader->page))
		return reader_ends(reader, WAL_END_ZEROES, lsn, "the page is empty");
	if (header.version == NULL)
		return reader_ends(reader, WAL_END_VERSION, lsn,
						   "the magic number %04X is of no version of PostgreSQL that is known here (15 to 19), or this is no WAL",
						   header.magic);
	if (!flags_exist)
		return reader_ends(reader, WAL_END_PAGE, lsn, "the page header has flags that do not exist");
	if (!check_header(reader, &header))
		return false;
	reader->page_address = header.address;
	reader->next_page = header.address + WAL_PAGE_SIZE;
	reader->page_timeline = header.timeline;
	reader->at_segment_start = false;
	return find_records(reader, &header);
}

static bool
check_header(RecordReader *reader, const PageHeader *header)
{
	if (reader->version != NULL && reader->version != header->version)
		return reader_ends(reader, WAL_END_VERSION, reader->next_page,
						   "the page is of PostgreSQL %d, those before are of %d",
						   header->version->major, reader->version->major);
	if (header->is_long != reader->at_segment_start)
		return reader_ends(reader, WAL_END_PAGE, reader->next_page,
						   header->is_long ? "a page within the segment has the header of its first"
										   : "the first page of the segment has a short header");
	if (header->is_long && !check_segment(reader, header))
		return false;
	if (!check_address(reader, header))
		return false;
	if (header->timeline == 0 || header->timeline > reader->timeline ||
		header->timeline < reader->page_timeline)
		return reader_ends(reader, WAL_END_TIMELINE, header->address,
						   "the page is of timeline %" PRIu32 ", the segment of %" PRIu32
						   ", and the page before of %" PRIu32,
						   header->timeline, reader->timeline, reader->page_timeline);
	reader->version = header->version;
	if (header->is_long)
	{
		reader->system = header->system;
		reader->segment_size = header->segment_size;
	}
	return true;
}

/* What only the first page of a segment says */
static bool
check_segment(RecordReader *reader, const PageHeader *header)
{
	if (header->page_size != WAL_PAGE_SIZE)
		return reader_ends(reader, WAL_END_PAGE, reader->next_page,
						   "the WAL has pages of %" PRIu32 " bytes, only those of %d can be read",
						   header->page_size, WAL_PAGE_SIZE);
	if (!wal_segment_size_is_valid(header->segment_size) ||
		(reader->segment_size != 0 && reader->segment_size != header->segment_size))
		return reader_ends(reader, WAL_END_SEGMENT_SIZE, reader->next_page,
						   "the segment says that it has %" PRIu32 " bytes", header->segment_size);
	if (reader->system != 0 && reader->system != header->system)
		return reader_ends(reader, WAL_END_SYSTEM, reader->next_page,
						   "the segment is of the cluster %" PRIu64 ", those before are of %" PRIu64,
						   header->system, reader->system);
	return true;
}

static bool
check_address(RecordReader *reader, const PageHeader *header)
{
	uint64_t wanted = reader->next_page;

	if (header->is_long)
	{
		uint64_t by_name = (uint64_t) reader->log << 32;

		if (reader->number >= UINT64_C(0x100000000) / header->segment_size)
			return reader_ends(reader, WAL_END_ADDRESS, 0,
							   "no segment of %" PRIu32 " bytes has this name", header->segment_size);
		by_name += (uint64_t) reader->number * header->segment_size;
		if (wanted != 0 && wanted != by_name)
			return reader_ends(reader, WAL_END_ADDRESS, wanted,
							   "the segment does not follow the one before: one is missing");
		wanted = by_name;
	}
	if (header->address != wanted)
		return reader_ends(reader, WAL_END_ADDRESS, wanted,
						   "the page is that of %" PRIX64 "/%" PRIX64 ", left from before",
						   header->address >> 32, header->address & 0xFFFFFFFF);
	return true;
}

/* Sets offset to where the rest of a record is that is wanted, or to where the next record begins. */
static bool
find_records(RecordReader *reader, const PageHeader *header)
{
	reader->offset = (uint32_t) header->size;
	if (header->continues && header->overwrites)
		return reader_ends(reader, WAL_END_PAGE, header->address,
						   "the page both continues a record and overwrites it");
	if (header->overwrites)
	{
		/* the server stopped before it had written the rest, and has gone on from here */
		reader->unfinished = 0;
		reader->skip = 0;
		return true;
	}
	if (reader->unfinished != 0)
		return find_rest(reader, header, reader->length - reader->have);
	if (reader->skip != 0)
	{
		if (!find_rest(reader, header, reader->skip))
			return false;
	}
	else if (header->continues)
	{
		if (reader->previous != 0)
			return reader_ends(reader, WAL_END_CONTINUATION, header->address,
							   "the page continues a record, and none is open");
		if (header->rest == 0 || header->rest > RECORD_SIZE_MAX)
			return reader_ends(reader, WAL_END_CONTINUATION, header->address,
							   "the page continues a record by %" PRIu32 " bytes", header->rest);
		reader->skip = header->rest;
	}
	if (reader->skip >= WAL_PAGE_SIZE - reader->offset)
	{
		reader->skip -= WAL_PAGE_SIZE - reader->offset;
		reader->offset = WAL_PAGE_SIZE;
	}
	else
	{
		reader->offset += ((uint32_t) reader->skip + 7) & ~7U;
		reader->skip = 0;
	}
	return true;
}

static bool
find_rest(RecordReader *reader, const PageHeader *header, uint64_t wanted)
{
	if (!header->continues || header->rest != wanted)
		return reader_ends(reader, WAL_END_CONTINUATION,
						   reader->unfinished != 0 ? reader->unfinished : header->address,
						   "the page continues a record by %" PRIu32 " bytes, and %" PRIu64
						   " are missing",
						   header->continues ? header->rest : 0, wanted);
	return true;
}

static bool
is_zero(const uint8_t *page)
{
	/* a page that is written begins with its magic number */
	return page[0] == 0 && page[1] == 0 && memcmp(page, page + 1, WAL_PAGE_SIZE - 1) == 0;
}
