/*
 * test_host_fits.c
 *
 * What is said of a host that lacks what the primary has, before anything is
 * copied.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/settings.h"
#include "restore/host_fits.h"

static RestoreRequest with_locale(const char *of, const char *name, bool needed, const char *version);

static void
a_drill_needs_the_locales_it_asks_in(void **state)
{
	RestoreRequest request = with_locale("database loc", "xx_XX.utf8", true, NULL);
	Restore restore = {.request = &request, .is_drill = true};

	(void) state;
	assert_false(restore_host_serves(&restore));
	assert_string_equal(json_text_of(restore.error, "message"),
						"locale \"xx_XX.utf8\" is missing on Barman's host");
	assert_non_null(strstr(json_text_of(restore.error, "detail"), "database loc"));
	assert_non_null(strstr(json_text_of(restore.error, "hint"), "Install the locale"));
	json_decref(restore.error);
	restore_request_clear(&request);
}

static void
locales_that_are_here_are_not_missing(void **state)
{
	RestoreRequest request = with_locale("database loc", "C", true, NULL);
	Restore restore = {.request = &request, .is_drill = true};
	char *notes;

	(void) state;
	assert_true(restore_host_serves(&restore));
	assert_null(restore.error);
	notes = restore_host_notes(&restore);
	assert_string_equal(notes, "");
	free(notes);
	restore_request_clear(&request);
}

static void
spellings_of_a_codeset_are_one(void **state)
{
	static const char *const names[] = {"C", "POSIX", "C.UTF-8", "C.utf8", "C.Utf-8"};

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		RestoreRequest request = with_locale("database loc", names[i], true, NULL);
		Restore restore = {.request = &request, .is_drill = true};

		assert_true(restore_host_serves(&restore));
		restore_request_clear(&request);
	}
}

/* The C library would remember each. */
static void
invented_locales_leave_nothing_behind(void **state)
{
	size_t before = 0;

	(void) state;
	for (int i = 0; i < 1100; i++)
	{
		char *name = mem_printf("zz_%04d.utf8@%0150d", i, i);
		RestoreRequest request = with_locale("database loc", name, true, NULL);
		Restore restore = {.request = &request, .is_drill = true};

		assert_false(restore_host_serves(&restore));
		json_decref(restore.error);
		restore_request_clear(&request);
		free(name);
		if (i == 100)
			before = mallinfo2().uordblks;
	}
	assert_true(mallinfo2().uordblks < before + 64 * 1024);
}

/* told, whatever is asked for: much may not need them */
static void
libraries_that_are_missing_are_named(void **state)
{
	char bindir[] = "/tmp/sidecar-host-XXXXXX/bin";
	char nowhere[] = "/nonexistent/bin";
	char *command;
	char *libraries[] = {
		"$libdir/plpgsql",			"$libdir/vector", "$libdir/postgis-3.so",
		"$libdir/../../etc/passwd", "/opt/own.so",
	};
	RestoreRequest request = {
		.primary.libraries = {libraries, sizeof(libraries) / sizeof(libraries[0])}};
	Restore restore = {.request = &request};
	char *before = settings.pg_bindir;
	char *notes;

	(void) state;
	bindir[strlen(bindir) - 4] = '\0';
	assert_non_null(mkdtemp(bindir));
	command = mem_printf("mkdir %s/bin %s/lib && touch %s/lib/plpgsql.so", bindir, bindir, bindir);
	assert_int_equal(system(command), 0);
	free(command);
	bindir[strlen(bindir)] = '/';
	settings.pg_bindir = bindir;
	notes = restore_host_notes(&restore);
	assert_non_null(strstr(notes, ": vector, postgis-3.so. What"));
	free(notes);

	/* where nothing can be told, nothing is */
	settings.pg_bindir = nowhere;
	notes = restore_host_notes(&restore);
	assert_string_equal(notes, "");
	free(notes);
	settings.pg_bindir = before;
	bindir[strlen(bindir) - 4] = '\0';
	command = mem_printf("rm -r %s", bindir);
	assert_int_equal(system(command), 0);
	free(command);
}

/* of another database the drill asks nothing, but its receipt tells */
static void
others_are_noted(void **state)
{
	RestoreRequest request = with_locale("database far", "xx_XX.utf8", false, NULL);
	Restore restore = {.request = &request};
	char *notes = restore_host_notes(&restore);

	(void) state;
	assert_non_null(strstr(notes, "database far"));
	assert_non_null(strstr(notes, "xx_XX.utf8"));
	free(notes);
	restore_request_clear(&request);
	request = with_locale("database old", "C", true, "1.0");
	restore.request = &request;
	notes = restore_host_notes(&restore);
	assert_non_null(strstr(notes, "glibc 1.0"));
	free(notes);
	restore_request_clear(&request);
}

static RestoreRequest
with_locale(const char *of, const char *name, bool needed, const char *version)
{
	PrimaryLocale *locale = mem_alloc(sizeof(PrimaryLocale));
	RestoreRequest request = {.primary = {.locales = locale, .locale_count = 1}};

	*locale = (PrimaryLocale){mem_strdup(of), mem_strdup(name), mem_strdup(version), needed};
	return request;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drill_needs_the_locales_it_asks_in),
		cmocka_unit_test(locales_that_are_here_are_not_missing),
		cmocka_unit_test(spellings_of_a_codeset_are_one),
		cmocka_unit_test(invented_locales_leave_nothing_behind),
		cmocka_unit_test(libraries_that_are_missing_are_named),
		cmocka_unit_test(others_are_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
