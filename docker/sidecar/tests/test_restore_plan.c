/*
 * test_restore_plan.c
 *
 * What stands in the way of a restore, by what is known before it begins.
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

#include "barman/catalogue.h"
#include "base/directory.h"
#include "base/memory.h"
#include "outlook/restore_plan.h"

static char home[64];

static int
set_up(void **state)
{
	(void) state;
	strcpy(home, "/tmp/test-plan-XXXXXX");
	if (mkdtemp(home) == NULL)
		return 1;
	catalogue_start(home);
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	catalogue_forget_all();
	return directory_remove(home);
}

/* Segments 2 to 5 and 7 of timeline 1 are archived, and a part of 8 is received. */
static const char windows_text
	[] = "{\"segment_size\": 16777216, \"windows\": ["
		 " {\"timeline\": 1, \"until_lsn\": \"0/5FFFF00\", \"until_time\": \"2026-11-22T05:00:00.000000Z\", \"until_time_source\": \"commit\"},"
		 " {\"timeline\": 1, \"until_lsn\": \"0/7FFFF00\", \"until_time\": \"2026-11-22T07:00:00.000000Z\", \"until_time_source\": \"commit\"}],"
		 " \"archive\": [{\"timeline\": 1, \"parent_timeline\": null, \"fork_lsn\": null, \"runs\": ["
		 "  {\"first_wal\": \"000000010000000000000002\", \"last_wal\": \"000000010000000000000005\"},"
		 "  {\"first_wal\": \"000000010000000000000007\", \"last_wal\": \"000000010000000000000007\"}]}],"
		 " \"missing\": [], \"received\": {\"timeline\": 1, \"until_lsn\": \"0/8000100\", \"written\": null}}";

/* A backup that has begun and ended in a segment */
static json_t *
backup(int segment)
{
	char *wal = mem_printf("0000000100000000%08X", (unsigned int) segment);
	char *begin = mem_printf("0/%X000028", (unsigned int) segment);
	char *end = mem_printf("0/%X000100", (unsigned int) segment);
	json_t *value = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:i}", "backup_id",
							  "20261122T000000", "status", "DONE", "type", "full", "timeline", 1,
							  "begin_wal", wal, "begin_lsn", begin, "end_lsn", end, "size", 1000000);

	free(wal);
	free(begin);
	free(end);
	assert_non_null(value);
	return value;
}

/* The judgement of an item: "good", "bad", "unknown", or "none" if it was not examined */
static const char *
judged(const json_t *plan, const char *item)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(plan, "items"), i, one)
	{
		if (json_text_is(one, "item", item))
			return json_is_true(json_object_get(one, "ok"))	   ? "good"
				   : json_is_false(json_object_get(one, "ok")) ? "bad"
															   : "unknown";
	}
	return "none";
}

/* The plan for a backup (taken) and a target, of a caller that has written so far */
static json_t *
plan_of(json_t *chosen, RecoveryTarget target, uint64_t written, const char *windows)
{
	RestoreRequest restore = {.backup_id = (char *) "20261122T000000", .target = target};
	json_t *known = json_loads(windows, 0, NULL);
	PlanRequest request = {.server = "pg",
						   .restore = &restore,
						   .backup = chosen,
						   .windows = known,
						   .written = written};
	Answer *answer;
	json_t *plan;

	assert_non_null(known);
	answer = plan_make(&request);
	assert_int_equal(answer->status, 200);
	plan = json_incref(json_object_get(answer->value, "plan"));
	answer_release(answer);
	json_decref(known);
	json_decref(chosen);
	return plan;
}

static void
expect(json_t *chosen, RecoveryTarget target, uint64_t written, const char *judgement)
{
	json_t *plan = plan_of(chosen, target, written, windows_text);

	assert_string_equal(judged(plan, "wal"), judgement);
	json_decref(plan);
}

#define TO_LSN(text)  ((RecoveryTarget){.lsn = (char *) (text)})
#define TO_TIME(text) ((RecoveryTarget){.time = (char *) (text)})

static void
a_position_needs_its_wal(void **state)
{
	(void) state;
	expect(backup(2), TO_LSN("0/5000100"), 0, "good");
	expect(backup(2), TO_LSN("0/6000100"), 0, "bad"); /* in the gap */
	expect(backup(2), TO_LSN("0/7000100"), 0, "bad"); /* behind it */
	expect(backup(7), TO_LSN("0/7000200"), 0, "good");
	expect(backup(7), TO_LSN("0/8000080"), 0, "good"); /* received */
	expect(backup(7), TO_LSN("0/8000200"), 0, "bad");
	expect(backup(7), TO_LSN("0/8000200"), 0x8000300, "good"); /* written by the caller */
	expect(backup(2), TO_LSN("0/6000100"), 0x9000000, "bad");  /* which mends no gap */
}

static void
a_time_needs_a_transaction_after_it(void **state)
{
	(void) state;
	expect(backup(2), TO_TIME("2026-11-22T04:00:00.000000Z"), 0, "good");
	expect(backup(2), TO_TIME("2026-11-22T06:00:00.000000Z"), 0, "bad");
	expect(backup(7), TO_TIME("2026-11-22T06:30:00.000000Z"), 0, "good");
	/* there may be one in what is received */
	expect(backup(7), TO_TIME("2026-11-22T08:00:00.000000Z"), 0, "unknown");
	expect(backup(7), TO_TIME("2026-11-22T08:00:00.000000Z"), 0x8000300, "good");
}

static void
what_is_only_in_wal_is_not_known(void **state)
{
	(void) state;
	expect(backup(2), (RecoveryTarget){.name = (char *) "x"}, 0, "unknown");
	expect(backup(2), (RecoveryTarget){.xid = (char *) "800"}, 0, "unknown");
	expect(backup(7), (RecoveryTarget){0}, 0, "good");
	expect(backup(2), (RecoveryTarget){0}, 0, "unknown"); /* all, up to the gap */
}

static void
a_backup_needs_its_own_wal(void **state)
{
	(void) state;
	expect(backup(6), (RecoveryTarget){.immediate = true}, 0, "bad");
	expect(backup(5), (RecoveryTarget){.immediate = true}, 0, "good");
	/* another timeline of which there is nothing */
	expect(backup(7), (RecoveryTarget){.timeline = 3}, 0, "bad");
	expect(backup(7), (RecoveryTarget){.timeline = 3}, 0x8000300, "unknown");
}

static void
the_wal_to_replay_is_counted(void **state)
{
	json_t *plan = plan_of(backup(2), TO_LSN("0/4000028"), 0, windows_text);
	const json_t *wal = json_object_get(plan, "wal");

	(void) state;
	assert_string_equal(json_text_of(wal, "first_wal"), "000000010000000000000002");
	assert_string_equal(json_text_of(wal, "last_wal"), "000000010000000000000004");
	assert_int_equal(json_integer_value(json_object_get(wal, "segments")), 3);
	assert_int_equal(json_integer_value(json_object_get(wal, "bytes")), 0x2000000);
	assert_true(json_is_false(json_object_get(wal, "at_most")));
	/* nothing is remembered by which to tell the time */
	assert_true(json_is_null(json_object_get(json_object_get(plan, "expected"), "restore_seconds")));
	json_decref(plan);
	plan = plan_of(backup(2), TO_TIME("2026-11-22T04:00:00.000000Z"), 0, windows_text);
	assert_true(json_is_true(json_object_get(json_object_get(plan, "wal"), "at_most")));
	json_decref(plan);
}

static void
an_encrypted_backup_needs_a_passphrase(void **state)
{
	json_t *told = json_pack("{s:b}", "has_passphrase", 0);
	json_t *encrypted = backup(2);
	json_t *plan;

	(void) state;
	json_object_set_new(encrypted, "encryption", json_string("gpg"));
	catalogue_learn("pg", told, catalogue_configuration());
	plan = plan_of(json_incref(encrypted), TO_LSN("0/4000028"), 0, windows_text);
	assert_string_equal(judged(plan, "encryption"), "bad");
	assert_true(json_is_false(json_object_get(plan, "ok")));
	json_decref(plan);
	json_object_set_new(told, "has_passphrase", json_true());
	catalogue_learn("pg", told, catalogue_configuration());
	plan = plan_of(encrypted, TO_LSN("0/4000028"), 0, windows_text);
	assert_string_equal(judged(plan, "encryption"), "good");
	json_decref(plan);
	json_decref(told);
}

static void
a_chain_needs_its_parents(void **state)
{
	json_t *incremental = backup(2);
	json_t *plan;

	(void) state;
	json_object_set_new(incremental, "type", json_string("incremental"));
	json_object_set_new(incremental, "parent_id", json_string("20261121T000000"));
	plan = plan_of(incremental, TO_LSN("0/4000028"), 0, windows_text);
	assert_string_equal(judged(plan, "chain"), "bad");
	json_decref(plan);
	plan = plan_of(backup(2), TO_LSN("0/4000028"), 0, windows_text);
	assert_string_equal(judged(plan, "chain"), "none");
	json_decref(plan);
}

static void
what_barman_lists_and_has_not_cannot_be_copied(void **state)
{
	json_t *windows = json_loads(windows_text, 0, NULL);
	char *text;
	json_t *plan;

	(void) state;
	json_array_append_new(json_object_get(windows, "missing"),
						  json_pack("{s:s, s:f}", "name", "000000010000000000000006", "before",
									1795330000.0)); /* 2026-11-22 06:46:40 UTC */
	text = json_dumps(windows, 0);
	/* a newer backup does without it, */
	plan = plan_of(backup(7), (RecoveryTarget){0}, 0, text);
	assert_string_equal(judged(plan, "catalogue"), "none");
	json_decref(plan);
	/* Barman stops before it for an earlier time, */
	plan = plan_of(backup(2), TO_TIME("2026-11-22T04:00:00.000000Z"), 0, text);
	assert_string_equal(judged(plan, "catalogue"), "none");
	json_decref(plan);
	/* and copies it for all else: of which Barman this is, nobody has told here */
	plan = plan_of(backup(2), (RecoveryTarget){0}, 0, text);
	assert_string_equal(judged(plan, "catalogue"), "bad");
	json_decref(plan);
	plan = plan_of(backup(2), TO_LSN("0/3000028"), 0, text);
	assert_string_equal(judged(plan, "catalogue"), "unknown");
	json_decref(plan);
	free(text);
	json_decref(windows);
}

static void
without_a_backup_the_refusal_is_told(void **state)
{
	json_t *refusal = json_pack("{s:s, s:s, s:s, s:s}", "code", "wrong_state", "message",
								"it is too early", "detail", "Backup x ended later.", "hint",
								"Choose a later time.");
	RestoreRequest restore = {.target = TO_TIME("2026-11-22T04:00:00.000000Z")};
	PlanRequest request = {.server = "pg", .restore = &restore, .refusal = refusal};
	Answer *answer = plan_make(&request);
	const json_t *plan = json_object_get(answer->value, "plan");
	const json_t *first = json_array_get(json_object_get(plan, "items"), 0);

	(void) state;
	assert_true(json_is_false(json_object_get(plan, "ok")));
	assert_string_equal(judged(plan, "backup"), "bad");
	assert_string_equal(json_text_of(first, "finding"), "it is too early: Backup x ended later.");
	assert_string_equal(json_text_of(first, "remedy"), "Choose a later time.");
	answer_release(answer);
	json_decref(refusal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_position_needs_its_wal),
		TEST(a_time_needs_a_transaction_after_it),
		TEST(what_is_only_in_wal_is_not_known),
		TEST(a_backup_needs_its_own_wal),
		TEST(the_wal_to_replay_is_counted),
		TEST(an_encrypted_backup_needs_a_passphrase),
		TEST(a_chain_needs_its_parents),
		TEST(what_barman_lists_and_has_not_cannot_be_copied),
		TEST(without_a_backup_the_refusal_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
