/*
 * test_timeline.c
 *
 * Histories of timelines, and the segments on the way of one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "barman/timeline.h"
#include "restore/timeline_path.h"

#define SEGMENT (16 * 1024 * 1024)

static void
a_history_is_a_line_for_each_timeline_before(void **state)
{
	size_t count;
	TimelinePart *parts = timeline_parse("1\t0/5000148\tno recovery target specified\n\n2\t1A/C0FFEE\tbefore 2000-01-01 00:00:00+00\n",
										 &count);

	(void) state;
	assert_int_equal(count, 2);
	assert_int_equal(parts[0].timeline, 1);
	assert_int_equal(parts[0].end, 0x5000148);
	assert_int_equal(parts[1].timeline, 2);
	assert_int_equal(parts[1].end, UINT64_C(0x1A00C0FFEE));
	free(parts);
}

static void
what_is_no_history_has_no_timelines(void **state)
{
	static const char *const texts[] = {NULL,		   "",		   "\n\n",
										"# a comment", "1",		   "1\t",
										"1\tx/y\n",	   "0\t0/1\n", "4294967295\t0/1\n",
										"\037\213\b"};

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		size_t count = 7;

		assert_null(timeline_parse(texts[i], &count));
		assert_int_equal(count, 0);
	}
	{
		size_t count = 7;
		char *text = malloc(2 * 1024 * 1024 + 1);

		assert_null(timeline_read("/nonexistent", &count));
		assert_int_equal(count, 0);

		/* nor is what nobody has written by failing over */
		for (size_t i = 0; i < 2 * 1024 * 1024; i++)
			text[i] = "1\t0/1\tx\n"[i % 8];
		text[2 * 1024 * 1024] = '\0';
		assert_null(timeline_parse(text, &count));
		free(text);
	}
}

/* 1 was left within segment 5, 2 within segment 7: what is read on the way to 3? */
static void
segments_on_the_way_have_begun(void **state)
{
	const TimelinePart parts[] = {{1, 5 * (uint64_t) SEGMENT + 100},
								  {2, 7 * (uint64_t) SEGMENT + 100}};
	static const struct
	{
		const char *name;
		bool is;
	} cases[] = {
		{"000000010000000000000004", true},
		{"000000010000000000000005", true},
		{"000000010000000000000006", false},
		{"000000020000000000000004", false},
		{"000000020000000000000005", true},
		{"000000020000000000000007", true},
		{"000000030000000000000006", false},
		{"000000030000000000000007", true},
		{"000000030000000100000000", true},
		{"000000040000000000000008", false},
		{"00000003", false},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (restore_segment_is_on_way(parts, 2, 3, SEGMENT, cases[i].name) != cases[i].is)
			fail_msg("%s", cases[i].name);
	}
	/* one without a history is the first, or nothing is known */
	assert_true(restore_segment_is_on_way(NULL, 0, 1, SEGMENT, "000000010000000000000005"));
	assert_false(restore_segment_is_on_way(NULL, 0, 1, SEGMENT, "000000020000000000000005"));
	assert_true(restore_segment_is_on_way(NULL, 0, 3, SEGMENT, "000000020000000000000005"));
	assert_false(restore_segment_is_on_way(NULL, 0, 3, SEGMENT, "000000040000000000000005"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_history_is_a_line_for_each_timeline_before),
		cmocka_unit_test(what_is_no_history_has_no_timelines),
		cmocka_unit_test(segments_on_the_way_have_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
