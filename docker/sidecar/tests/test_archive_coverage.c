/*
 * test_archive_coverage.c
 *
 * Gaps and the end of an archive, by the names of its files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "archive_fixture.h"
#include "barman/archive_coverage.h"
#include "base/memory.h"

#define SIZE (INT64_C(16) * 1024 * 1024)

static int
set_up(void **state)
{
	(void) state;
	return archive_make(json_object());
}

/* Segments of a timeline below 4 GB */
static void
put_range(int timeline, int first, int last)
{
	for (int i = first; i <= last; i++)
	{
		char name[SEGMENT_NAME_SIZE];

		snprintf(name, sizeof(name), "%08X00000000%08X", (unsigned int) timeline, (unsigned int) i);
		put(name, "", 1000 * timeline + i);
	}
}

static ArchiveCoverage
look(const char *oldest, const char *latest)
{
	ArchiveCoverage coverage;

	assert_true(archive_coverage("pg", SIZE, oldest, latest, &coverage));
	return coverage;
}

#define S(n) "0000000100000000000000" n

static void
an_empty_archive_has_no_end(void **state)
{
	ArchiveCoverage coverage = look(NULL, NULL);

	(void) state;
	assert_int_equal(coverage.segments, 0);
	assert_string_equal(coverage.newest, "");
	assert_int_equal(coverage.missing, -1);
	assert_int_equal(coverage.reached_time, 0);
	/* a backup without its WAL lacks its first segment at least */
	assert_int_equal(look(S("03"), S("03")).missing, 1);
}

static void
a_complete_archive_lacks_nothing(void **state)
{
	ArchiveCoverage coverage;

	(void) state;
	put_range(1, 3, 20);
	/* these are no segments */
	put(S("05") ".partial", "", 1);
	put(S("06") ".00000028.backup", "", 1);
	put("xlog.db", "", 1);
	coverage = look(S("03"), S("09"));
	assert_int_equal(coverage.segments, 18);
	assert_int_equal(coverage.missing, 0);
	assert_string_equal(coverage.newest, S("14"));
	assert_int_equal(coverage.end, 21 * SIZE);
	assert_int_equal(coverage.newest_time, INT64_C(1020) * 1000000);
	assert_int_equal(coverage.reached_time, coverage.newest_time);
}

static void
a_gap_is_counted_and_ends_recovery(void **state)
{
	ArchiveCoverage coverage;

	(void) state;
	put_range(1, 3, 9);
	put_range(1, 12, 14);
	coverage = look(S("03"), S("04"));
	assert_int_equal(coverage.missing, 2);
	assert_int_equal(coverage.reached_time, INT64_C(1009) * 1000000);
	/* a backup after the gap is not harmed */
	coverage = look(S("0C"), S("0C"));
	assert_int_equal(coverage.missing, 0);
	assert_int_equal(coverage.reached_time, INT64_C(1014) * 1000000);
}

static void
wal_before_the_oldest_backup_may_be_gone(void **state)
{
	(void) state;
	put_range(1, 1, 1);
	put_range(1, 8, 9);
	assert_int_equal(look(S("08"), S("08")).missing, 0);
	/* and its own first segment may not */
	assert_int_equal(look(S("07"), S("07")).missing, 1);
	assert_int_equal(look(S("07"), S("07")).reached_time, 0);
}

static void
a_timeline_begins_where_it_left_its_parent(void **state)
{
	ArchiveCoverage coverage;

	(void) state;
	put_range(1, 3, 9);
	put(S("0A") ".partial", "", 1);
	put_range(2, 10, 12);
	put("00000002.history", "1\t0/A000100\tno recovery target specified\n", 1);
	coverage = look(S("03"), S("03"));
	assert_int_equal(coverage.missing, 0);
	assert_string_equal(coverage.newest, "00000002000000000000000C");
	assert_int_equal(coverage.reached_time, INT64_C(2012) * 1000000);
}

static void
a_gap_between_timelines_is_one(void **state)
{
	ArchiveCoverage coverage;

	(void) state;
	put_range(1, 3, 7);
	put_range(2, 11, 12);
	put("00000002.history", "1\t0/A000100\tno recovery target specified\n", 1);
	coverage = look(S("03"), S("03"));
	/* 8 and 9 of the parent, and 10, with which the child begins */
	assert_int_equal(coverage.missing, 3);
	assert_int_equal(coverage.reached_time, INT64_C(1007) * 1000000);
}

static void
segments_of_a_gigabyte_are_numbered_by_four(void **state)
{
	ArchiveCoverage coverage;

	(void) state;
	put("000000010000000000000003", "", 5);
	put("000000010000000100000000", "", 6);
	put("000000010000000100000004", "", 7); /* there is none of this number */
	assert_true(archive_coverage("pg", INT64_C(1) << 30, "000000010000000000000003",
								 "000000010000000000000003", &coverage));
	assert_int_equal(coverage.segments, 2);
	assert_int_equal(coverage.missing, 0);
	assert_int_equal(coverage.end, INT64_C(5) << 30);
}

static void
an_unknown_directory_is_no_archive(void **state)
{
	ArchiveCoverage coverage;

	(void) state;
	assert_false(archive_coverage("other", SIZE, NULL, NULL, &coverage));
	assert_int_equal(coverage.missing, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_archive_has_no_end, set_up, archive_remove),
		cmocka_unit_test_setup_teardown(a_complete_archive_lacks_nothing, set_up, archive_remove),
		cmocka_unit_test_setup_teardown(a_gap_is_counted_and_ends_recovery, set_up, archive_remove),
		cmocka_unit_test_setup_teardown(wal_before_the_oldest_backup_may_be_gone, set_up,
										archive_remove),
		cmocka_unit_test_setup_teardown(a_timeline_begins_where_it_left_its_parent, set_up,
										archive_remove),
		cmocka_unit_test_setup_teardown(a_gap_between_timelines_is_one, set_up, archive_remove),
		cmocka_unit_test_setup_teardown(segments_of_a_gigabyte_are_numbered_by_four, set_up,
										archive_remove),
		cmocka_unit_test_setup_teardown(an_unknown_directory_is_no_archive, set_up, archive_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
