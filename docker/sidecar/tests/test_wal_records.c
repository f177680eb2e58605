/*
 * test_wal_records.c
 *
 * Records are found where PostgreSQL has written them, and WAL ends where it
 * has not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wal_fixture.h"

static const uint16_t magics[] = {0xD110, 0xD113, 0xD116, 0xD118, 0xD122};

static void
checksums_are_those_of_castagnoli(void **state)
{
	uint8_t bytes[1000];

	(void) state;
	assert_int_equal(CRC32C_FINISH(crc32c_add(CRC32C_START, "123456789", 9)), 0xE3069283);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t) (i * i + 7 * i);
	for (size_t length = 0; length < sizeof(bytes) - 8; length++)
		assert_int_equal(crc32c_add(CRC32C_START, bytes + length % 8, length),
						 crc32c_add_by_table(CRC32C_START, bytes + length % 8, length));
}

static void
two_segments_have_their_records(void **state)
{
	uint8_t *first = read_segment(FIRST_PATH);
	uint8_t *second = read_segment(SECOND_PATH);
	RecordReader *reader = record_reader_new();
	static WalRecord records[BOTH_RECORDS];

	(void) state;
	assert_true(record_reader_segment(reader, FIRST_NAME));
	assert_int_equal(read_pages(reader, first, SEGMENT_SIZE / WAL_PAGE_SIZE, records, BOTH_RECORDS),
					 FIRST_RECORDS);
	assert_int_equal(record_reader_end(reader)->reason, WAL_END_NONE);
	assert_int_equal(record_reader_segment_size(reader), SEGMENT_SIZE);
	assert_int_equal(record_reader_version(reader)->major, 15);
	/* the switch ends the segment */
	assert_int_equal(records[FIRST_RECORDS - 1].rmgr, RMGR_XLOG);
	assert_int_equal(records[FIRST_RECORDS - 1].end_lsn, 0x800000);

	assert_true(record_reader_segment(reader, SECOND_NAME));
	assert_int_equal(read_pages(reader, second, SEGMENT_SIZE / WAL_PAGE_SIZE, records, BOTH_RECORDS),
					 BOTH_RECORDS - FIRST_RECORDS);
	assert_int_equal(records[0].previous, 0x7077B0);
	assert_int_equal(record_reader_end(reader)->reason, WAL_END_NONE);

	/* the second by itself */
	record_reader_restart(reader);
	assert_true(record_reader_segment(reader, SECOND_NAME));
	assert_int_equal(read_pages(reader, second, SEGMENT_SIZE / WAL_PAGE_SIZE, records, 0),
					 BOTH_RECORDS - FIRST_RECORDS);
	record_reader_free(reader);
	free(first);
	free(second);
}

/* One bit of each byte that is used: no record that is not there is found, and none after the first that is damaged. */
static void
a_flipped_bit_invents_nothing(void **state)
{
	uint8_t *segment = read_segment(FIRST_PATH);
	static WalRecord right[FIRST_RECORDS];
	static WalRecord records[FIRST_RECORDS];
	RecordReader *reader = record_reader_new();

	(void) state;
	record_reader_segment(reader, FIRST_NAME);
	read_pages(reader, segment, SEGMENT_SIZE / WAL_PAGE_SIZE, right, FIRST_RECORDS);
	for (size_t i = 0; i < FIRST_USED; i++)
	{
		int count;

		record_reader_free(reader);
		reader = record_reader_new();
		record_reader_segment(reader, FIRST_NAME);
		segment[i] ^= (uint8_t) (1 << i % 8);
		count = read_pages(reader, segment, FIRST_USED / WAL_PAGE_SIZE + 1, records, FIRST_RECORDS);
		segment[i] ^= (uint8_t) (1 << i % 8);
		assert_true(count <= FIRST_RECORDS);
		for (int n = 0; n < count; n++)
		{
			assert_int_equal(records[n].lsn, right[n].lsn);
			assert_int_equal(records[n].length, right[n].length);
			assert_int_equal(records[n].xid, right[n].xid);
		}
		if (count < FIRST_RECORDS)
			assert_int_not_equal(record_reader_end(reader)->reason, WAL_END_NONE);
	}
	record_reader_free(reader);
	free(segment);
}

static void
records_of_all_lengths_cross_pages_and_segments(void **state)
{
	(void) state;
	for (size_t v = 0; v < sizeof(magics) / sizeof(magics[0]); v++)
	{
		Writer writer = writer_start(magics[v], SEGMENT_SIZE);
		RecordReader *reader = record_reader_new();
		uint64_t lsns[1500];
		uint32_t lengths[1500];
		WalRecord records[1500];
		int got = 0;
		size_t per_segment = SEGMENT_SIZE / WAL_PAGE_SIZE;

		/* short ones at all offsets of a page, and one that is longer than two segments */
		for (uint32_t i = 0; i < 1500; i++)
		{
			lengths[i] = i == 700 ? 2 * SEGMENT_SIZE + 12345 : 8 + (i * 37) % 300;
			lsns[i] = writer_main(&writer, 20, 0, i + 3, lengths[i]);
		}
		for (size_t page = 0; page < writer.pages; page += per_segment)
		{
			char name[25];

			snprintf(name, sizeof(name), "00000001%016zX", 1 + page / per_segment);
			assert_true(record_reader_segment(reader, name));
			got += read_pages(reader, writer.bytes + page * WAL_PAGE_SIZE,
							  writer.pages - page < per_segment ? writer.pages - page : per_segment,
							  records + got, 1500 - got);
			assert_int_equal(record_reader_end(reader)->reason,
							 writer.pages - page > per_segment ? WAL_END_NONE : WAL_END_ZEROES);
		}
		assert_int_equal(got, 1500);
		for (uint32_t i = 0; i < 1500; i++)
		{
			assert_int_equal(records[i].lsn, lsns[i]);
			assert_int_equal(records[i].length, lengths[i] + 5 + RECORD_HEADER_SIZE);
			assert_int_equal(records[i].xid, i + 3);
			assert_int_equal(records[i].version, 15 + (int) v);
		}
		/* begins in the middle of the long one: what is left of it is skipped */
		record_reader_restart(reader);
		assert_true(record_reader_segment(reader, "000000010000000000000003"));
		assert_true(read_pages(reader, writer.bytes + 2 * SEGMENT_SIZE,
							   writer.pages - 2 * per_segment, records, 1) == 0 ||
					records[0].lsn == lsns[701]);
		record_reader_free(reader);
		free(writer.bytes);
	}
}

/* The server stopped within a record, and has written another instead of its rest. */
static void
an_unfinished_record_is_left_out(void **state)
{
	static const uint8_t body[20000];

	(void) state;
	for (size_t v = 0; v < sizeof(magics) / sizeof(magics[0]); v++)
	{
		Writer writer = writer_start(magics[v], SEGMENT_SIZE);
		RecordReader *reader = record_reader_new();
		WalRecord records[3];
		uint64_t first = writer_main(&writer, 20, 0, 3, 10);
		uint64_t unfinished = writer_record(&writer, 20, 0, 4, body, sizeof(body), 12000);
		uint64_t last;

		writer_page(&writer, magics[v] == 0xD122 ? 4 : 8, 0);
		last = writer_main(&writer, RMGR_XLOG, 0xD0, 0, 8);
		assert_true(record_reader_segment(reader, "000000010000000000000001"));
		assert_int_equal(read_pages(reader, writer.bytes, writer.pages, records, 3), 2);
		assert_int_equal(records[0].lsn, first);
		assert_int_equal(records[1].lsn, last);

		/* without the flag, the rest is missing */
		put(writer.bytes + (writer.pages - 1) * WAL_PAGE_SIZE + 2, 0, 2);
		record_reader_restart(reader);
		assert_true(record_reader_segment(reader, "000000010000000000000001"));
		assert_int_equal(read_pages(reader, writer.bytes, writer.pages, records, 3), 1);
		assert_int_equal(record_reader_end(reader)->reason, WAL_END_CONTINUATION);
		assert_int_equal(record_reader_end(reader)->lsn, unfinished);
		record_reader_free(reader);
		free(writer.bytes);
	}
}

/* A value of the first page or record, and what it ends with */
static void
what_is_no_wal_ends_with_a_reason(void **state)
{
	static const struct
	{
		int at;
		uint64_t value;
		int size;
		WalEndReason reason;
	} cases[] = {
		{0, 0, 2, WAL_END_VERSION},
		{0, 0xD10D, 2, WAL_END_VERSION}, /* 14 */
		{0, 0x10D1, 2, WAL_END_VERSION}, /* 15, of a big-endian machine */
		{2, 0x12, 2, WAL_END_PAGE},
		{2, 0, 2, WAL_END_PAGE},		 /* a short header */
		{2, 0xB, 2, WAL_END_PAGE},		 /* continues and overwrites */
		{2, 3, 2, WAL_END_CONTINUATION}, /* by no byte */
		{4, 0, 4, WAL_END_TIMELINE},
		{4, 2, 4, WAL_END_TIMELINE},
		{8, 0x200000, 8, WAL_END_ADDRESS},
		{32, 0, 4, WAL_END_SEGMENT_SIZE},
		{32, 512 * 1024, 4, WAL_END_SEGMENT_SIZE},
		{32, 3 * 1024 * 1024, 4, WAL_END_SEGMENT_SIZE},
		{32, 0x80000000, 4, WAL_END_SEGMENT_SIZE},
		{32, 2 * 1024 * 1024, 4, WAL_END_ADDRESS},
		{36, 4096, 4, WAL_END_PAGE},
		{40, 0, 4, WAL_END_ZEROES},
		{40, 23, 4, WAL_END_RECORD},
		{40, RECORD_SIZE_MAX + 1, 4, WAL_END_RECORD},
		{40, 0xFFFFFFFF, 4, WAL_END_RECORD},
		{40, 30, 4, WAL_END_CHECKSUM},
		{44, 4, 4, WAL_END_CHECKSUM},
		{48, 0x100028, 8, WAL_END_PREVIOUS}, /* itself */
		{57, 22, 1, WAL_END_RECORD},
		{57, 127, 1, WAL_END_RECORD},
		{57, 200, 1, WAL_END_CHECKSUM},
		{70, 0x55, 1, WAL_END_CHECKSUM},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Writer writer = writer_start(0xD110, SEGMENT_SIZE);
		RecordReader *reader = record_reader_new();

		writer_main(&writer, 20, 0, 3, 100);
		put(writer.bytes + cases[i].at, cases[i].value, cases[i].size);
		assert_true(record_reader_segment(reader, "000000010000000000000001"));
		if (read_pages(reader, writer.bytes, 1, NULL, 0) != 0 ||
			record_reader_end(reader)->reason != cases[i].reason ||
			record_reader_end(reader)->detail[0] == '\0')
			fail_msg("case %zu: reason %d, %s", i, record_reader_end(reader)->reason,
					 record_reader_end(reader)->detail);
		record_reader_free(reader);
		free(writer.bytes);
	}
}

static void
segments_follow_each_other(void **state)
{
	static const struct
	{
		const char *name;
		int at; /* in the second segment: a value is changed; -1: none is */
		uint64_t value;
		WalEndReason reason;
	} cases[] = {
		{SECOND_NAME, -1, 0, WAL_END_NONE},
		{"000000020000000000000008", -1, 0,
		 WAL_END_NONE}, /* of a later timeline, which repeats the older */
		{"000000010000000000000009", -1, 0, WAL_END_ADDRESS},
		{"000000010000000100000008", -1, 0, WAL_END_ADDRESS},
		{"000000000000000000000008", -1, 0, WAL_END_TIMELINE},
		{SECOND_NAME, 24, 1, WAL_END_SYSTEM},
		{SECOND_NAME, 33, 0x20, WAL_END_SEGMENT_SIZE},
		{SECOND_NAME, 0, 0x13, WAL_END_VERSION},
	};
	uint8_t *first = read_segment(FIRST_PATH);

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		uint8_t *second = read_segment(SECOND_PATH);
		RecordReader *reader = record_reader_new();

		if (cases[i].at >= 0)
			second[cases[i].at] = (uint8_t) cases[i].value;
		record_reader_segment(reader, FIRST_NAME);
		read_pages(reader, first, SEGMENT_SIZE / WAL_PAGE_SIZE, NULL, 0);
		assert_true(record_reader_segment(reader, cases[i].name));
		read_pages(reader, second, SEGMENT_SIZE / WAL_PAGE_SIZE, NULL, 0);
		if (record_reader_end(reader)->reason != cases[i].reason)
			fail_msg("case %zu: reason %d, %s", i, record_reader_end(reader)->reason,
					 record_reader_end(reader)->detail);
		record_reader_free(reader);
		free(second);
	}
	free(first);
}

static void
names_are_those_of_segments(void **state)
{
	static const char *const names[] = {"", "00000001000000000000000", "00000001000000000000000g",
										"0000000100000000000000070", "00000001.history"};
	RecordReader *reader = record_reader_new();

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(record_reader_segment(reader, names[i]));
	record_reader_free(reader);
}

/* Each record of a segment, cut everywhere: it is split, or refused, and nothing beyond is read. */
static bool
cut_record(const WalRecord *record, void *context)
{
	static RecordParts parts;

	(void) context;
	assert_null(record_parse(record, &parts));
	for (uint32_t length = RECORD_HEADER_SIZE + 1; length < record->length; length++)
	{
		WalRecord cut = *record;
		uint8_t *body = malloc(length - RECORD_HEADER_SIZE);

		memcpy(body, record->body, length - RECORD_HEADER_SIZE);
		cut.length = length;
		cut.body = body;
		/* what is left may be a record of blocks only */
		assert_true(record_parse(&cut, &parts) != NULL || parts.main_length == 0);
		free(body);
	}
	return true;
}

static void
a_record_is_whole_or_refused(void **state)
{
	SegmentError error;
	SegmentFile *file = segment_file_open(FIRST_PATH, &error);
	RecordReader *reader = record_reader_new();

	(void) state;
	assert_int_equal(scan_segment(reader, file, FIRST_NAME, cut_record, NULL, &error), SCAN_DONE);
	record_reader_free(reader);
	segment_file_close(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_those_of_castagnoli),
		cmocka_unit_test(two_segments_have_their_records),
		cmocka_unit_test(a_flipped_bit_invents_nothing),
		cmocka_unit_test(records_of_all_lengths_cross_pages_and_segments),
		cmocka_unit_test(an_unfinished_record_is_left_out),
		cmocka_unit_test(what_is_no_wal_ends_with_a_reason),
		cmocka_unit_test(segments_follow_each_other),
		cmocka_unit_test(names_are_those_of_segments),
		cmocka_unit_test(a_record_is_whole_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
