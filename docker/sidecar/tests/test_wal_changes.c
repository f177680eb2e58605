/*
 * test_wal_changes.c
 *
 * Changes are counted and told by transaction, within limits, whatever records
 * say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wal/changes.h"
#include "wal_fixture.h"

#define MAX_FOUND 64

typedef struct Found
{
	WalChange changes[MAX_FOUND];
	char gids[MAX_FOUND][16];
	int count;
} Found;

static Found found;

static void
keep(const WalChange *change, void *context)
{
	Found *to = context;

	assert_true(to->count < MAX_FOUND);
	snprintf(to->gids[to->count], sizeof(to->gids[0]), "%s", change->gid != NULL ? change->gid : "");
	to->changes[to->count++] = *change;
}

static Changes *
start(bool fast, uint32_t max_transactions, uint32_t max_items)
{
	ChangesOptions options = {.callback = keep,
							  .context = &found,
							  .fast = fast,
							  .max_transactions = max_transactions,
							  .max_items = max_items};

	memset(&found, 0, sizeof(found));
	return changes_new(&options);
}

static bool
add(const WalRecord *record, void *context)
{
	return changes_record(context, record);
}

static void
add_segment(Changes *changes, RecordReader *reader, const char *path, const char *name)
{
	SegmentError error;
	SegmentFile *file = segment_file_open(path, &error);

	assert_non_null(file);
	assert_int_equal(scan_segment(reader, file, name, add, changes, &error), SCAN_DONE);
	segment_file_close(file);
}

static void
the_segments_tell_what_was_done(void **state)
{
	static const struct
	{
		uint32_t xid;
		unsigned int kinds;
		uint32_t relation;
		uint32_t filenode;
		uint32_t new_filenode;
		int64_t inserted;
		int64_t updated;
		int64_t deleted;
		const char *gid;
	} right[] = {
		{725, CHANGE_DELETE, 0, 16384, 0, 0, 0, 3, ""},
		{726, CHANGE_UPDATE | CHANGE_INSERT, 0, 16384, 0, 1, 1, 0, ""},
		{729, CHANGE_DELETE, 0, 16384, 0, 0, 0, 1, "one"},
		{730, CHANGE_TRUNCATE, 16391, 16391, 16397, 0, 0, -1, ""},
		{731, CHANGE_INSERT, 0, 16384, 0, 13, 0, 0, ""},
		{732, CHANGE_DROP, 16394, 16394, 0, 0, 0, -1, ""},
		{733, CHANGE_INSERT, 0, 16384, 0, 1, 0, 0, ""},
	};
	const int count = sizeof(right) / sizeof(right[0]);
	Changes *changes = start(false, 0, 0);
	RecordReader *reader = record_reader_new();

	(void) state;
	add_segment(changes, reader, FIRST_PATH, FIRST_NAME);
	add_segment(changes, reader, SECOND_PATH, SECOND_NAME);
	assert_int_equal(found.count, count);
	for (int i = 0; i < count; i++)
	{
		const WalChange *change = &found.changes[i];

		assert_int_equal(change->xid, right[i].xid);
		assert_int_equal(change->kinds, right[i].kinds);
		assert_int_equal(change->relation, right[i].relation);
		assert_int_equal(change->filenode, right[i].filenode);
		assert_int_equal(change->new_filenode, right[i].new_filenode);
		assert_int_equal(change->inserted, right[i].inserted);
		assert_int_equal(change->updated, right[i].updated);
		assert_int_equal(change->deleted, right[i].deleted);
		assert_int_equal(change->database, 5);
		assert_true(change->is_whole);
		assert_int_equal(change->is_prepared, right[i].xid == 729);
		assert_string_equal(found.gids[i], right[i].gid);
		assert_true(change->begin_lsn < change->commit_lsn && change->commit_lsn < change->end_lsn);
	}
	assert_int_equal(found.changes[0].begin_lsn, 0x7000D8);
	assert_int_equal(found.changes[0].commit_lsn, 0x700180);
	assert_int_equal(found.changes[0].end_lsn, 0x7001A8);
	assert_int_equal(found.changes[0].committed, INT64_C(1795962519038752));
	assert_int_equal(changes_in_flight(changes), 0);
	changes_free(changes);
	record_reader_free(reader);
}

static void
without_rows_only_operations_are_told(void **state)
{
	Changes *changes = start(true, 0, 0);
	RecordReader *reader = record_reader_new();

	(void) state;
	add_segment(changes, reader, FIRST_PATH, FIRST_NAME);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.changes[0].kinds, CHANGE_TRUNCATE);
	assert_int_equal(found.changes[0].relation, 16391);
	assert_int_equal(found.changes[1].kinds, CHANGE_DROP);
	assert_int_equal(found.changes[1].inserted, -1);
	changes_free(changes);
	record_reader_free(reader);
}

/* The parts of a record, in one buffer of its exact length */
static bool
give(Changes *changes, uint8_t rmgr, uint8_t info, uint32_t xid, const uint8_t *main_data,
	 uint32_t length, const RelationFile *file)
{
	static uint64_t lsn = 0x1000000;
	uint32_t block = file != NULL ? 20 : 0;
	uint8_t *body = malloc(block + 5 + length);
	WalRecord record = {.lsn = lsn,
						.end_lsn = lsn + 64,
						.length = RECORD_HEADER_SIZE + block + 5 + length,
						.xid = xid,
						.rmgr = rmgr,
						.info = info,
						.version = 17,
						.body = body};
	bool good;

	lsn += 64;
	if (file != NULL)
	{
		memset(body, 0, block);
		put(body + 4, file->tablespace, 4);
		put(body + 8, file->database, 4);
		put(body + 12, file->number, 4);
	}
	body[block] = 254;
	put(body + block + 1, length, 4);
	if (length > 0)
		memcpy(body + block + 5, main_data, length);
	good = changes_record(changes, &record);
	free(body);
	return good;
}

static void
limits_end_with_words(void **state)
{
	static const uint8_t insert[3];
	Changes *changes = start(false, 10, 0);

	(void) state;
	for (uint32_t xid = 100; xid < 110; xid++)
		assert_true(give(changes, RMGR_HEAP, 0, xid, insert, 3, &(RelationFile){1663, 5, 20000}));
	assert_false(give(changes, RMGR_HEAP, 0, 110, insert, 3, &(RelationFile){1663, 5, 20000}));
	assert_non_null(strstr(changes_error(changes), "limit"));
	/* and stays so */
	assert_false(give(changes, RMGR_HEAP, 0, 100, insert, 3, &(RelationFile){1663, 5, 20000}));
	changes_free(changes);

	changes = start(false, 0, 10);
	for (uint32_t number = 20000; number < 20010; number++)
		assert_true(give(changes, RMGR_HEAP, 0, 100, insert, 3, &(RelationFile){1663, 5, number}));
	assert_false(give(changes, RMGR_HEAP, 0, 100, insert, 3, &(RelationFile){1663, 5, 20010}));
	assert_non_null(strstr(changes_error(changes), "limit"));
	changes_free(changes);
}

static void
what_has_ended_is_forgotten(void **state)
{
	static const uint8_t insert[3];
	static const uint8_t time[8];
	uint8_t running[24] = {0};
	Changes *changes = start(false, 4, 4);

	(void) state;
	for (uint32_t xid = 100; xid < 100000; xid++)
	{
		assert_true(give(changes, RMGR_HEAP, 0, xid, insert, 3, &(RelationFile){1663, 5, 20000}));
		/* commit, abort, or nothing: the server crashed */
		if (xid % 3 < 2)
			assert_true(give(changes, RMGR_XACT, xid % 3 == 0 ? 0x00 : 0x20, xid, time, 8, NULL));
		else
		{
			put(running + 12, xid + 1, 4);
			put(running + 16, xid + 1, 4);
			assert_true(give(changes, RMGR_STANDBY, 0x10, 0, running, 24, NULL));
		}
		found.count = 0;
	}
	assert_int_equal(changes_in_flight(changes), 0);
	changes_free(changes);
}

/* Each snapshot lists all locks again, however long they are held. */
static void
locks_are_held_once(void **state)
{
	uint8_t locks[4 + 2 * 12];
	uint8_t running[24] = {0};
	Changes *changes = start(false, 4, 4);

	(void) state;
	put(locks, 2, 4);
	put(running + 12, 101, 4);
	put(running + 16, 100, 4);
	for (uint32_t xid = 100; xid < 102; xid++)
	{
		for (int i = 0; i < 2; i++)
		{
			put(locks + 4 + 12 * i, xid, 4);
			put(locks + 8 + 12 * i, 5, 4);
			put(locks + 12 + 12 * i, (uint64_t) 20000 + (uint64_t) i, 4);
		}
		/* one that began before, and one that tells of each lock */
		assert_true(xid == 100 || give(changes, RMGR_STANDBY, 0x00, xid, locks, sizeof(locks), NULL));
		for (int i = 0; i < 100; i++)
		{
			assert_true(give(changes, RMGR_STANDBY, 0x00, 0, locks, sizeof(locks), NULL));
			assert_true(give(changes, RMGR_STANDBY, 0x10, 0, running, sizeof(running), NULL));
		}
	}
	assert_int_equal(changes_in_flight(changes), 2);
	changes_free(changes);
}

static void
what_was_not_read_is_not_known(void **state)
{
	static const uint8_t insert[3];
	static const uint8_t time[8];
	uint8_t running[24] = {0};
	Changes *changes = start(false, 0, 0);

	(void) state;
	put(running + 12, 100, 4);
	put(running + 16, 90, 4);
	give(changes, RMGR_HEAP, 0, 95, insert, 3, &(RelationFile){1663, 5, 20000});
	give(changes, RMGR_STANDBY, 0x10, 0, running, 24, NULL);
	give(changes, RMGR_XACT, 0, 95, time, 8, NULL);
	give(changes, RMGR_HEAP, 0, 100, insert, 3, &(RelationFile){1663, 5, 20000});
	give(changes, RMGR_XACT, 0, 100, time, 8, NULL);
	give(changes, RMGR_HEAP, 0, 101, insert, 3, &(RelationFile){1663, 5, 20000});
	changes_gap(changes);
	give(changes, RMGR_XACT, 0, 101, time, 8, NULL);
	assert_int_equal(found.count, 3);
	assert_false(found.changes[0].is_whole);
	assert_int_equal(found.changes[0].inserted, 1);
	assert_int_equal(found.changes[0].deleted, -1);
	assert_true(found.changes[1].is_whole);
	assert_int_equal(found.changes[1].deleted, 0);
	assert_false(found.changes[2].is_whole);
	changes_free(changes);
}

static void
lists_longer_than_their_records_are_refused(void **state)
{
	static const struct
	{
		uint8_t rmgr;
		uint8_t info;
		uint32_t has; /* xinfo of a commit */
		uint32_t count;
	} cases[] = {
		{RMGR_XACT, 0x80, 0x0002, 3},		   {RMGR_XACT, 0x80, 0x0002, 0x40000000},
		{RMGR_XACT, 0x80, 0x0002, 0xFFFFFFFF}, {RMGR_XACT, 0x80, 0x0004, 0x15555556},
		{RMGR_XACT, 0x80, 0x0004, 2},		   {RMGR_XACT, 0x80, 0x0008, 0x10000000},
		{RMGR_XACT, 0x80, 0x0100, 0x15555556}, {RMGR_XACT, 0xA0, 0x0002, 3},
		{RMGR_XACT, 0xB0, 0x0001, 0},		   /* COMMIT PREPARED of nobody */
		{RMGR_XACT, 0x80, 0x0080, 0x41414141}, /* a gid that does not end */
		{RMGR_XACT, 0x80, 0x0020, 0},
	};
	uint8_t commit[20];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Changes *changes = start(false, 0, 0);

		memset(commit, 0x41, sizeof(commit));
		put(commit + 8, cases[i].has, 4);
		put(commit + 12, cases[i].count, 4);
		if (give(changes, cases[i].rmgr, cases[i].info, 100, commit, sizeof(commit), NULL) ||
			changes_error(changes) == NULL)
			fail_msg("case %zu", i);
		assert_int_equal(found.count, 0);
		changes_free(changes);
	}
}

/* Whatever is within the records of other managers: told or refused, and nothing beyond is read */
static void
short_records_are_refused(void **state)
{
	static const struct
	{
		uint8_t rmgr;
		uint8_t info;
		uint32_t least;
	} cases[] = {
		{RMGR_HEAP, 0x00, 3},	  {RMGR_HEAP, 0x10, 8},	 {RMGR_HEAP, 0x20, 14},
		{RMGR_HEAP, 0x40, 14},	  {RMGR_HEAP, 0x30, 12}, {RMGR_HEAP2, 0x50, 4},
		{RMGR_SMGR, 0x10, 16},	  {RMGR_SMGR, 0x20, 20}, {RMGR_STANDBY, 0x00, 4},
		{RMGR_STANDBY, 0x10, 24}, {RMGR_XACT, 0x00, 8},	 {RMGR_XACT, 0x20, 8},
	};
	static const uint8_t zeroes[64];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		for (uint32_t length = 0; length < 64; length++)
		{
			Changes *changes = start(false, 0, 0);

			if (give(changes, cases[i].rmgr, cases[i].info, 100, zeroes, length,
					 &(RelationFile){1663, 5, 20000}) != (length >= cases[i].least))
				fail_msg("case %zu, %u bytes", i, length);
			changes_free(changes);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_segments_tell_what_was_done),
		cmocka_unit_test(without_rows_only_operations_are_told),
		cmocka_unit_test(limits_end_with_words),
		cmocka_unit_test(what_has_ended_is_forgotten),
		cmocka_unit_test(locks_are_held_once),
		cmocka_unit_test(what_was_not_read_is_not_known),
		cmocka_unit_test(lists_longer_than_their_records_are_refused),
		cmocka_unit_test(short_records_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
