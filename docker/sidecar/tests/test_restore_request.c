/*
 * test_restore_request.c
 *
 * What a caller sends becomes the request of a restore or a drill, or is
 * refused with a reason, before anything is looked up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "api/parse_drill_request.h"
#include "api/parse_restore_request.h"
#include "base/memory.h"
#include "base/settings.h"

/* Takes the arguments. */
static RestoreRequest *
restore_of(json_t *arguments)
{
	Answer *refusal = NULL;
	RestoreRequest *restore = restore_request_read(arguments, &refusal);

	assert_non_null(restore);
	assert_null(refusal);
	json_decref(arguments);
	return restore;
}

/* Takes the arguments; the message of the refusal must have these words. */
static void
restore_is_refused(json_t *arguments, const char *words)
{
	Answer *refusal = NULL;

	assert_null(restore_request_read(arguments, &refusal));
	assert_non_null(strstr(json_text_of(json_object_get(refusal->value, "error"), "message"), words));
	answer_release(refusal);
	json_decref(arguments);
}

static void
drill_is_refused(json_t *arguments, const char *code, const char *words)
{
	Answer *refusal = NULL;

	assert_null(drill_request_read(arguments, &refusal));
	assert_string_equal(json_text_of(json_object_get(refusal->value, "error"), "code"), code);
	assert_non_null(strstr(json_text_of(json_object_get(refusal->value, "error"), "message"), words));
	answer_release(refusal);
	json_decref(arguments);
}

static json_t *
good_drill(void)
{
	return json_pack("{s:s, s:s, s:s, s:[{s:s, s:i, s:i, s:s}], s:[{s:s, s:n, s:b}, {s:s, s:s, s:i, s:b}], s:[s]}",
					 "instance", "x", "database", "d", "superuser", "s", "tables", "relation", "t",
					 "bytes", 8192, "rows", 2, "hash", "abc", "sequences", "relation", "a", "value",
					 "ascending", 1, "relation", "b", "name_hex", "62", "value", -7, "ascending", 0,
					 "asserts", "SELECT true");
}

static void
a_restore_has_defaults(void **state)
{
	RestoreRequest *restore = restore_of(json_pack("{s:s}", "instance", "x"));

	(void) state;
	assert_string_equal(restore->instance, "x");
	assert_null(restore->backup_id);
	assert_null(restore->target.name);
	assert_false(restore->target.immediate);
	assert_false(restore->target.exclusive);
	assert_int_equal(restore->target.timeline, 0);
	assert_true(restore->start);
	assert_false(restore->refresh);
	assert_null(restore->wal_file);
	assert_int_equal(restore->primary.locale_count, 0);
	assert_int_equal(restore->primary.libraries.count, 0);
	restore_request_free(restore);
	restore = restore_of(json_pack("{s:s, s:b}", "instance", "x", "refresh", 1));
	assert_true(restore->refresh);
	restore_request_free(restore);
}

static void
what_the_primary_tells_is_taken_over(void **state)
{
	RestoreRequest *restore = restore_of(
		json_pack("{s:s, s:{s:{s:i, s:s, s:i}, s:s, s:[s, s], s:[{s:s, s:s, s:b}, {s:s, s:s, s:s}]}}",
				  "instance", "x", "primary", "settings", "max_connections", 5000,
				  "max_worker_processes", "no number", "shared_buffers", 7, "preload", "vector",
				  "libraries", "$libdir/a", "$libdir/b", "locales", "of", "database x", "locale",
				  "C", "needed", 1, "of", "database y", "locale", "POSIX", "version", "2.36"));
	const PrimaryFacts *primary = &restore->primary;

	(void) state;
	assert_int_equal(primary->settings.max_connections, 5000);
	assert_int_equal(primary->settings.max_worker_processes, 0);
	assert_string_equal(primary->preload, "vector");
	assert_int_equal(primary->libraries.count, 2);
	assert_string_equal(primary->libraries.texts[1], "$libdir/b");
	assert_int_equal(primary->locale_count, 2);
	assert_string_equal(primary->locales[0].of, "database x");
	assert_true(primary->locales[0].needed);
	assert_null(primary->locales[0].version);
	assert_string_equal(primary->locales[1].name, "POSIX");
	assert_false(primary->locales[1].needed);
	assert_string_equal(primary->locales[1].version, "2.36");
	restore_request_free(restore);
}

static void
what_is_no_primary_is_refused(void **state)
{
	json_t *many = json_array();

	(void) state;
	restore_request_free(restore_of(json_pack("{s:s, s:n}", "instance", "x", "primary")));
	restore_is_refused(json_pack("{s:s, s:i}", "instance", "x", "primary", 1), "\"primary\"");
	restore_is_refused(json_pack("{s:s, s:{s:[{s:s}]}}", "instance", "x", "primary", "locales",
								 "of", "database x"),
					   "\"locales\"");
	restore_is_refused(json_pack("{s:s, s:{s:[s, i]}}", "instance", "x", "primary", "libraries",
								 "a", 1),
					   "\"libraries\"");
	restore_is_refused(json_pack("{s:s, s:{s:[o]}}", "instance", "x", "primary", "libraries",
								 json_sprintf("%0201d", 1)),
					   "200 bytes");
	while (json_array_size(many) <= 1000)
		json_array_append_new(many, json_string("x"));
	restore_is_refused(json_pack("{s:s, s:{s:O}}", "instance", "x", "primary", "libraries", many),
					   "1000");
	restore_is_refused(json_pack("{s:s, s:{s:o}}", "instance", "x", "primary", "locales", many),
					   "1000");
}

static void
an_unsound_target_is_refused(void **state)
{
	static const struct
	{
		const char *field;
		const char *value;
		const char *words;
	} cases[] = {
		{"backup_id", "last-failed", "backup to restore"},
		{"target_name", "", "\"target_name\""},
		{"target_name", "a\tb", "\"target_name\""},
		{"target_name", "0123456789012345678901234567890123456789012345678901234567890123",
		 "\"target_name\""},
		{"target_time", "yesterday", "\"target_time\""},
		{"target_time", "2999-01-01T00:00:00.000000Z", "future"},
		{"target_lsn", "0-1", "\"target_lsn\""},
		{"mark_lsn", "0-1", "\"mark_lsn\""},
		{"target_xid", "2", "\"target_xid\""},
		{"target_xid", "123456789012345678901", "\"target_xid\""},
		{"target_xid", "3x", "\"target_xid\""},
		{"wal_file", "00000001", "\"wal_file\""},
		{"instance", "X", "\"instance\""},
	};

	(void) state;
	restore_is_refused(json_object(), "\"instance\"");
	restore_is_refused(json_pack("{s:s, s:s, s:b}", "instance", "x", "target_xid", "3", "immediate",
								 1),
					   "more than one");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		json_t *arguments = json_pack("{s:s}", "instance", "x");

		json_object_set_new(arguments, cases[i].field, json_string(cases[i].value));
		restore_is_refused(arguments, cases[i].words);
	}
}

static void
a_drill_is_taken_over(void **state)
{
	json_t *arguments = good_drill();
	Answer *refusal = NULL;
	DrillRequest *drill;

	(void) state;
	json_object_set_new(arguments, "marked_at", json_string("2026-11-22T06:10:22.423819Z"));
	drill = drill_request_read(arguments, &refusal);
	json_decref(arguments);
	assert_non_null(drill);
	assert_string_equal(drill->restore.instance, "x");
	assert_true(drill->restore.target.exclusive);
	assert_true(drill->marked_at > 0);
	assert_false(drill->keep);
	assert_int_equal(drill->table_count, 1);
	assert_string_equal(drill->tables[0].name.text, "t");
	assert_null(drill->tables[0].name.hex);
	assert_int_equal(drill->tables[0].rows, 2);
	assert_int_equal(drill->tables[0].bytes, 8192);
	assert_int_equal(drill->sequence_count, 2);
	assert_false(drill->sequences[0].is_used);
	assert_true(drill->sequences[0].ascending);
	assert_true(drill->sequences[1].is_used);
	assert_int_equal(drill->sequences[1].value, -7);
	assert_string_equal(drill->sequences[1].name.hex, "62");
	assert_int_equal(drill->asserts.count, 1);
	assert_int_equal(drill->superusers.count, 0);
	drill_request_free(drill);
}

static void
an_unsound_drill_is_refused(void **state)
{
	json_t *bad = good_drill();

	(void) state;
	json_object_set_new(bad, "superuser", json_null());
	drill_is_refused(bad, "bad_argument", "\"superuser\"");
	bad = good_drill();
	json_object_set_new(json_array_get(json_object_get(bad, "tables"), 0), "rows", json_string("2"));
	drill_is_refused(bad, "bad_argument", "\"tables\"");
	for (int i = 0; i < 2; i++)
	{
		bad = good_drill();
		json_object_set_new(json_array_get(json_object_get(bad, "tables"), 0), "bytes",
							json_integer(i == 0 ? -1 : INT64_MAX));
		drill_is_refused(bad, "bad_argument", "\"tables\"");
	}
	for (int i = 0; i < 2; i++)
	{
		bad = good_drill();
		json_object_set_new(bad, "superusers", i == 0 ? json_pack("[i]", 1) : json_array());
		while (i == 1 && json_array_size(json_object_get(bad, "superusers")) <= 20)
			json_array_append_new(json_object_get(bad, "superusers"), json_string("x"));
		drill_is_refused(bad, "bad_argument", "\"superusers\"");
	}
	bad = good_drill();
	json_object_del(json_array_get(json_object_get(bad, "sequences"), 1), "value");
	drill_is_refused(bad, "bad_argument", "\"sequences\"");
	bad = good_drill();
	json_array_append_new(json_object_get(bad, "asserts"), json_null());
	drill_is_refused(bad, "bad_argument", "\"asserts\"");

	bad = good_drill();
	json_object_set_new(bad, "refresh", json_true());
	drill_is_refused(bad, "bad_argument", "\"refresh\"");

	/* the drill's own fields are looked at first */
	bad = good_drill();
	json_object_set_new(bad, "instance", json_null());
	drill_is_refused(bad, "bad_argument", "\"instance\"");
	bad = good_drill();
	while (json_array_size(json_object_get(bad, "asserts")) <= 100)
		json_array_append_new(json_object_get(bad, "asserts"), json_string("SELECT true"));
	json_object_set_new(bad, "instance", json_null());
	drill_is_refused(bad, "too_large", "assertions");
}

static int
set_limits(void **state)
{
	(void) state;
	settings.max_assertions = 100;
	settings.max_assertion_bytes = 10000;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restore_has_defaults),
		cmocka_unit_test(what_the_primary_tells_is_taken_over),
		cmocka_unit_test(what_is_no_primary_is_refused),
		cmocka_unit_test(an_unsound_target_is_refused),
		cmocka_unit_test(a_drill_is_taken_over),
		cmocka_unit_test(an_unsound_drill_is_refused),
	};

	return cmocka_run_group_tests(tests, set_limits, NULL);
}
