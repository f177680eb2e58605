/*
 * test_timestamp.c
 *
 * Times as text, there and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/timestamp.h"

/* 2026-11-22T06:10:22Z */
#define SECOND INT64_C(1795327822000000)

static void
a_time_is_read_with_and_without_a_fraction(void **state)
{
	static const struct
	{
		const char *text;
		int64_t microseconds;
	} times[] = {
		{"2026-11-22T06:10:22Z", SECOND},
		{"2026-11-22T06:10:22.4Z", SECOND + 400000},
		{"2026-11-22T06:10:22.423Z", SECOND + 423000},
		{"2026-11-22T06:10:22.000819Z", SECOND + 819},
		{"2026-11-22T06:10:22.423819Z", SECOND + 423819},
		{"1970-01-01T00:00:00Z", 0},
	};
	char text[TIMESTAMP_LENGTH];
	int64_t found;

	(void) state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
	{
		assert_true(timestamp_parse(times[i].text, &found));
		assert_int_equal(found, times[i].microseconds);
		timestamp_format(found, text);
		assert_true(timestamp_parse(text, &found));
		assert_int_equal(found, times[i].microseconds);
	}
}

static void
anything_else_is_no_time(void **state)
{
	static const char *const wrong[] = {
		"",
		"yesterday",
		"2026-11-22",
		"2026-11-22T06:10:22",
		"2026-11-22T06:10:22+00",
		"2026-11-22 06:10:22Z",
		"2026-11-22T06:10:22.Z",
		"2026-11-22T06:10:22.4238191Z",
		"2026-11-22T06:10:22.423819",
		"2026-11-22T06:10:22.423819Z ",
		"2026-11-22T06:10:22.-1Z",
		"2026-11-22T06:10:22Z' OR true",
		"2026-99-99T99:99:99Z",
		"2026-02-29T06:10:22Z",
		"2026-11-22T24:10:22Z",
		"0000-11-22T06:10:22Z",
		"-001-11-22T06:10:22Z",
		" +26-11-22T06:10:22Z",
		"2026-1-2T6:1:2Z",
		"2026-11-22T06:10: 2Z",
		"2026-11-22T+6:10:22Z",
	};
	int64_t found = 7;

	(void) state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		if (timestamp_parse(wrong[i], &found))
			fail_msg("\"%s\" is taken for a time", wrong[i]);
	}
	assert_int_equal(found, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_read_with_and_without_a_fraction),
		cmocka_unit_test(anything_else_is_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
