/*
 * test_windows.c
 *
 * The windows that an archive and its backups make, and what the retention
 * policy takes from them.
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
#include "base/answer.h"
#include "base/memory.h"
#include "outlook/timeline_map.h"
#include "outlook/line_fit.h"
#include "outlook/retention.h"
#include "outlook/windows.h"

#define SIZE 0x1000000

static int
set_up(void **state)
{
	(void) state;
	return archive_make(
		json_pack("{s:s, s:i}", "retention_policy", "redundancy 2 b", "minimum_redundancy", 0));
}

/* Segments that hold nothing, the last written at second "last" of 1970 */
static void
put_range(int timeline, int first, int last)
{
	for (int i = first; i <= last; i++)
	{
		char name[25];

		snprintf(name, sizeof(name), "%08X00000000%08X", (unsigned int) timeline, (unsigned int) i);
		put(name, "", i);
	}
}

/* Newest first: each has begun in a segment and ended at its end */
static json_t *
backup(const char *id, int timeline, int segment, const char *retention)
{
	char *begin = mem_printf("0/%X", segment * SIZE + 0x28);
	char *end = mem_printf("0/%X", (segment + 1) * SIZE);
	char *time = mem_printf("2026-11-%.2sT00:00:00.000000Z", id + 6);
	json_t *value = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s?}", "backup_id", id,
							  "status", "DONE", "type", "full", "timeline", timeline, "begin_lsn",
							  begin, "end_lsn", end, "end_time", time, "retention", retention);

	free(begin);
	free(end);
	free(time);
	assert_non_null(value);
	return value;
}

static json_t *
based_on(json_t *one, const char *parent)
{
	json_object_set_new(one, "type", json_string("incremental"));
	json_object_set_new(one, "parent_id", json_string(parent));
	return one;
}

static json_t *
look(json_t *backups)
{
	Answer *answer = windows_read("pg", backups);
	json_t *value;

	assert_int_equal(answer->status, 200);
	value = json_incref(answer->value);
	answer_release(answer);
	json_decref(backups);
	return value;
}

/* Compares the members that are named in the expectation. */
static void
expect_window(const json_t *value, size_t i, const char *expectation)
{
	json_t *expected = json_loads(expectation, 0, NULL);
	const json_t *window = json_array_get(json_object_get(value, "windows"), i);
	const char *key;
	json_t *one;

	assert_non_null(expected);
	assert_non_null(window);
	json_object_foreach (expected, key, one)
	{
		if (!json_equal(one, json_object_get(window, key)))
		{
			char *dump = json_dumps(window, 0);

			print_error("%s: %s\n", key, dump);
			free(dump);
			fail();
		}
	}
	json_decref(expected);
}

static size_t
count_of(const json_t *value)
{
	return json_array_size(json_object_get(value, "windows"));
}

static void
a_gap_makes_two_windows_and_is_named(void **state)
{
	json_t *value;

	(void) state;
	put_range(1, 1, 5);
	put_range(1, 8, 9);
	value = look(json_pack("[o, o]", backup("20261122T000000", 1, 8, "-"),
						   backup("20261121T000000", 1, 2, "-")));
	assert_int_equal(count_of(value), 2);
	/* segments that cannot be read: their names and their dates are all that is known */
	expect_window(value, 0,
				  "{\"timeline\": 1, \"from_lsn\": \"0/3000000\", \"from_time\": \"2026-11-21T00:00:00.000000Z\","
				  " \"from_time_source\": \"backup\", \"until_lsn\": \"0/6000000\", \"until_lsn_source\": \"segment\","
				  " \"until_time\": \"1970-01-01T00:00:05.000000Z\", \"until_time_source\": \"file\","
				  " \"gap_first_wal\": \"000000010000000000000006\", \"gap_last_wal\": \"000000010000000000000007\","
				  " \"gap_segments\": 2, \"backups\": [\"20261121T000000\"]}");
	expect_window(value, 1,
				  "{\"from_lsn\": \"0/9000000\", \"until_lsn\": \"0/A000000\", \"gap_first_wal\": null,"
				  " \"gap_segments\": null, \"backups\": [\"20261122T000000\"]}");
	json_decref(value);
}

static void
wal_that_no_backup_leads_to_is_no_window(void **state)
{
	json_t *value;

	(void) state;
	put_range(1, 1, 3);
	put_range(1, 5, 9);
	value = look(json_pack("[o]", backup("20261121T000000", 1, 6, "-")));
	assert_int_equal(count_of(value), 1);
	expect_window(value, 0, "{\"from_lsn\": \"0/7000000\", \"until_lsn\": \"0/A000000\"}");
	assert_int_equal(json_array_size(
						 json_object_get(json_array_get(json_object_get(value, "archive"), 0),
										 "runs")),
					 2);
	json_decref(value);
}

static void
a_backup_whose_own_wal_is_missing_opens_none(void **state)
{
	json_t *value;

	(void) state;
	put_range(1, 1, 2);
	put_range(1, 4, 5);
	value = look(json_pack("[o]", backup("20261121T000000", 1, 3, "-")));
	assert_int_equal(count_of(value), 1);
	expect_window(value, 0,
				  "{\"from_lsn\": null, \"from_time\": null, \"until_lsn\": null, \"until_time\": null,"
				  " \"gap_first_wal\": \"000000010000000000000003\", \"gap_segments\": 1,"
				  " \"backups\": [\"20261121T000000\"],"
				  " \"detail\": \"the backup cannot be restored: WAL that makes it consistent is missing\"}");
	json_decref(value);
}

static void
an_incremental_without_its_parent_opens_none(void **state)
{
	json_t *value;

	(void) state;
	put_range(1, 1, 5);
	value = look(json_pack("[o]", based_on(backup("20261121T000000", 1, 3, "-"), "20261120T000000")));
	assert_int_equal(count_of(value), 1);
	expect_window(value, 0,
				  "{\"from_lsn\": null, \"gap_segments\": null,"
				  " \"detail\": \"the backup cannot be restored: one that it is based on is missing\"}");
	json_decref(value);
}

static void
a_timeline_goes_on_from_its_parent(void **state)
{
	json_t *value;

	(void) state;
	/* of the segment in which timeline 1 was left, only timeline 2 has a whole one */
	put_range(1, 1, 4);
	put_range(2, 5, 7);
	put("00000002.history", "1\t0/5000148\tno recovery target specified\n", 0);
	value = look(json_pack("[o]", backup("20261121T000000", 1, 2, "-")));
	assert_int_equal(count_of(value), 2);
	expect_window(value, 0,
				  "{\"timeline\": 1, \"from_lsn\": \"0/3000000\", \"until_lsn\": \"0/5000148\","
				  " \"until_lsn_source\": \"history\", \"gap_first_wal\": null}");
	expect_window(value, 1,
				  "{\"timeline\": 2, \"parent_timeline\": 1, \"from_lsn\": \"0/5000148\", \"from_time\": null,"
				  " \"from_time_source\": null, \"until_lsn\": \"0/8000000\", \"backups\": []}");
	json_decref(value);
}

static void
a_gap_before_the_fork_closes_the_later_timeline(void **state)
{
	json_t *value;

	(void) state;
	put_range(1, 1, 3);
	put_range(2, 5, 7);
	put("00000002.history", "1\t0/5000148\tno recovery target specified\n", 0);
	value = look(json_pack("[o]", backup("20261121T000000", 1, 2, "-")));
	assert_int_equal(count_of(value), 1);
	expect_window(value, 0,
				  "{\"timeline\": 1, \"until_lsn\": \"0/4000000\", \"gap_first_wal\": \"000000010000000000000004\","
				  " \"gap_last_wal\": \"000000010000000000000004\"}");
	json_decref(value);
}

static void
retention_shortens_the_window_of_the_oldest(void **state)
{
	json_t *value;

	(void) state;
	put_range(1, 1, 9);
	value = look(json_pack("[o, o, o]", backup("20261123T000000", 1, 7, "VALID"),
						   backup("20261122T000000", 1, 5, "VALID"),
						   backup("20261121T000000", 1, 2, "OBSOLETE")));
	expect_window(value, 0,
				  "{\"from_lsn\": \"0/3000000\", \"next_deleted\": \"20261121T000000\", \"next_deleted_at\": null,"
				  " \"next_deleted_when\": \"at the next run of barman cron: it is obsolete\","
				  " \"then_from_lsn\": \"0/6000000\", \"then_from_time\": \"2026-11-22T00:00:00.000000Z\"}");
	json_decref(value);
}

static void
of_a_window_with_one_backup_nothing_is_left(void **state)
{
	json_t *value;

	(void) state;
	put_range(1, 1, 3);
	put_range(1, 5, 9);
	value = look(json_pack("[o, o]", backup("20261122T000000", 1, 5, "VALID"),
						   backup("20261121T000000", 1, 2, "VALID")));
	expect_window(value, 0,
				  "{\"next_deleted\": \"20261121T000000\", \"next_deleted_when\": \"after 1 more full backup\","
				  " \"then_from_lsn\": null}");
	expect_window(value, 1, "{\"next_deleted\": null, \"then_from_lsn\": null}");
	json_decref(value);
}

static void
expect_next(const char *policy, int minimum, json_t *backups, const char *id, const char *when,
			const char *at)
{
	json_t *facts = json_pack("{s:s?, s:i}", "retention_policy", policy, "minimum_redundancy",
							  minimum);
	json_t *next = retention_next(backups, facts);
	const char *told = json_text_of(next, "backup_id");

	assert_string_equal(told != NULL ? told : "none", id);
	assert_string_equal(json_text_of(next, "when"), when);
	told = json_text_of(next, "at");
	assert_string_equal(told != NULL ? told : "null", at);
	json_decref(next);
	json_decref(facts);
}

static void
a_policy_is_judged_by_barmans_rules(void **state)
{
	json_t *three = json_pack("[o, o, o]", backup("20261123T000000", 1, 7, "VALID"),
							  backup("20261122T000000", 1, 5, "VALID"),
							  backup("20261121T000000", 1, 2, "VALID"));
	json_t *kept = json_pack("[o, o]", backup("20261122T000000", 1, 5, "VALID"),
							 backup("20261121T000000", 1, 2, "KEEP:FULL"));

	(void) state;
	expect_next(NULL, 0, three, "none", "never: there is no retention policy", "null");
	expect_next("REDUNDANCY 4", 0, three, "20261121T000000", "after 2 more full backups", "null");
	expect_next("redundancy 1 b", 3, three, "20261121T000000", "after 1 more full backup", "null");
	expect_next("window 7 d", 0, three, "20261121T000000",
				"when backup 20261122T000000 is older than the recovery window",
				"2026-11-29T00:00:00.000000Z");
	expect_next("RECOVERY WINDOW OF 1 WEEKS", 0, three, "20261121T000000",
				"when backup 20261122T000000 is older than the recovery window",
				"2026-11-29T00:00:00.000000Z");
	expect_next("window 7 d", 5, three, "20261121T000000",
				"not before there are 3 more full backups (minimum_redundancy)", "null");
	expect_next("redundancy 2 b", 0, kept, "20261122T000000", "after 2 more full backups", "null");
	expect_next("the moon is full", 0, three, "none",
				"not known: this retention policy is of an unknown kind", "null");
	json_decref(three);
	json_decref(kept);
}

static void
incrementals_go_with_their_chain(void **state)
{
	json_t *backups = json_pack("[o, o, o]",
								based_on(backup("20261123T000000", 1, 7, "VALID"), "20261122T000000"),
								based_on(backup("20261122T000000", 1, 5, "VALID"), "20261121T000000"),
								backup("20261121T000000", 1, 2, "VALID"));
	json_t *facts = json_pack("{s:s, s:i}", "retention_policy", "redundancy 1 b",
							  "minimum_redundancy", 0);
	json_t *next = retention_next(backups, facts);
	json_t *chain = json_pack("[s, s, s]", "20261121T000000", "20261122T000000", "20261123T000000");

	(void) state;
	assert_true(json_equal(json_object_get(next, "chain"), chain));
	assert_string_equal(json_text_of(next, "when"), "after 1 more full backup");
	json_decref(chain);
	json_decref(next);
	json_decref(facts);
	json_decref(backups);
}

static void
what_barman_lists_and_does_not_have_is_told(void **state)
{
	json_t *expected = json_pack("[{s:s, s:f}]", "name", "000000010000000000000002", "before", 10.5);
	json_t *value;

	(void) state;
	put_range(1, 1, 1);
	put_range(1, 3, 3);
	put("xlog.db",
		"000000010000000000000001\t16777216\t10.5\tNone\n00000002.history\t50\t11\tNone\n"
		"000000010000000000000002\t16777216\t12.5\tgzip\nno line\n"
		"000000010000000000000003\t16777216\t13.5\tNone\n",
		0);
	value = look(json_pack("[o]", backup("20261121T000000", 1, 0, "-")));
	assert_true(json_equal(json_object_get(value, "missing"), expected));
	json_decref(value);
	json_decref(expected);
}

/* What a plan makes of the answer is the map that the answer was made of. */
static void
a_map_survives_the_answer(void **state)
{
	json_t *value;
	TimelineMap map;

	(void) state;
	put_range(1, 1, 4);
	put_range(2, 5, 7);
	put_range(3, 7, 8);
	put("00000002.history", "1\t0/5000148\tx\n", 0);
	put("00000003.history", "1\t0/5000148\tx\n2\t0/7000148\tx\n", 0);
	value = look(json_pack("[o]", backup("20261121T000000", 1, 2, "-")));
	timeline_map_of_json(&map, json_object_get(value, "archive"), SIZE);
	assert_int_equal(map.count, 3);
	assert_int_equal(timeline_map_owner(&map, &map.timelines[2], 4), 1);
	assert_int_equal(timeline_map_owner(&map, &map.timelines[2], 5), 2);
	assert_int_equal(timeline_map_owner(&map, &map.timelines[2], 7), 3);
	assert_int_equal(timeline_map_first_missing(&map, &map.timelines[2], 2), 9);
	assert_int_equal(timeline_map_first_missing(&map, &map.timelines[1], 2), 8);
	assert_int_equal(timeline_map_first_missing(&map, &map.timelines[0], 2), 5);
	timeline_map_free(&map);
	json_decref(value);
}

static void
a_line_goes_through_its_points(void **state)
{
	const Point points[] = {{1e12, 5}, {1e12 + 1, 7}, {1e12 + 2, 9}};
	Line line;

	(void) state;
	assert_false(line_fit(points, 1, &line));
	assert_true(line_fit(points, 3, &line));
	assert_true(line.slope > 1.999 && line.slope < 2.001);
	assert_false(line_fit((const Point[]){{3, 1}, {3, 2}}, 2, &line));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, archive_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_gap_makes_two_windows_and_is_named),
		TEST(wal_that_no_backup_leads_to_is_no_window),
		TEST(a_backup_whose_own_wal_is_missing_opens_none),
		TEST(an_incremental_without_its_parent_opens_none),
		TEST(a_timeline_goes_on_from_its_parent),
		TEST(a_gap_before_the_fork_closes_the_later_timeline),
		TEST(retention_shortens_the_window_of_the_oldest),
		TEST(of_a_window_with_one_backup_nothing_is_left),
		TEST(a_policy_is_judged_by_barmans_rules),
		TEST(incrementals_go_with_their_chain),
		TEST(what_barman_lists_and_does_not_have_is_told),
		TEST(a_map_survives_the_answer),
		TEST(a_line_goes_through_its_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
