/*
 * test_forecast.c
 *
 * When a disk is full, and the history that it is told from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/directory.h"
#include "base/files.h"
#include "base/memory.h"
#include "outlook/forecast.h"
#include "outlook/size_history.h"

#define SECOND INT64_C(1000000)
#define DAY	   (86400 * SECOND)
#define NOW	   (INT64_C(1764460800) * SECOND) /* 2025-11-30 00:00:00 UTC */
#define GB	   (INT64_C(1000) * 1000 * 1000)

static char home[64];

static int
set_up(void **state)
{
	(void) state;
	strcpy(home, "/tmp/test-forecast-XXXXXX");
	if (mkdtemp(home) == NULL)
		return 1;
	size_history_open(home);
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	size_history_close();
	return directory_remove(home);
}

/* One disk of 1000 GB; the server and the disk grow by 10 GB a day. */
static SizeSample
at(int64_t age)
{
	int64_t grown = -age / SECOND * 10 * GB / 86400;

	return (SizeSample){NOW - age,
						300 * GB + grown / 2,
						100 * GB + grown / 2,
						500 * GB - grown,
						1000 * GB,
						-1,
						-1};
}

static json_t *
first_of(const SizeSample *samples, size_t count)
{
	json_t *list = forecast_from(samples, count);
	json_t *one = json_incref(json_array_get(list, 0));

	json_decref(list);
	return one;
}

static void
a_steady_growth_leads_to_a_full_disk(void **state)
{
	const SizeSample samples[] = {at(4 * DAY), at(3 * DAY), at(2 * DAY), at(1 * DAY), at(0)};
	json_t *one = first_of(samples, 5);

	(void) state;
	assert_int_equal(json_integer_value(json_object_get(one, "growth_bytes_per_day")), 10 * GB);
	assert_int_equal(json_integer_value(json_object_get(one, "wal_bytes_per_day")), 5 * GB);
	assert_int_equal(json_integer_value(json_object_get(one, "used_bytes_per_day")), 10 * GB);
	/* 500 GB are free: 50 days later */
	assert_string_equal(json_text_of(one, "full_at"), "2026-01-19T00:00:00.000000Z");
	assert_null(json_text_of(one, "reason"));
	assert_int_equal(json_array_size(json_object_get(one, "areas")), 2);
	json_decref(one);
}

static void
too_little_history_is_said(void **state)
{
	const SizeSample few[] = {at(DAY), at(0)};
	const SizeSample quick[] = {at(20 * SECOND), at(10 * SECOND), at(0)};
	json_t *one = first_of(few, 2);

	(void) state;
	assert_null(json_text_of(one, "full_at"));
	assert_string_equal(json_text_of(one, "reason"),
						"there is too little history of this disk: 2 samples over 1440 minutes, and at least 3 over an hour are needed");
	assert_true(json_is_null(json_object_get(one, "growth_bytes_per_day")));
	json_decref(one);
	one = first_of(quick, 3);
	assert_null(json_text_of(one, "full_at"));
	assert_non_null(json_text_of(one, "reason"));
	json_decref(one);
	assert_null(first_of(NULL, 0));
}

static void
a_disk_that_does_not_fill_has_no_time(void **state)
{
	SizeSample samples[] = {at(2 * DAY), at(1 * DAY), at(0)};
	json_t *one;

	(void) state;
	for (int i = 0; i < 3; i++)
		samples[i].base_free = 500 * GB;
	one = first_of(samples, 3);
	assert_true(json_is_null(json_object_get(one, "full_at")));
	assert_string_equal(json_text_of(one, "reason"),
						"the disk does not fill: what is used has not grown over this time");
	json_decref(one);
	samples[2].base_free = 500 * GB - 1000;
	one = first_of(samples, 3);
	assert_string_equal(json_text_of(one, "reason"),
						"at this pace the disk is not full within ten years");
	json_decref(one);
}

static void
an_enlarged_disk_begins_anew(void **state)
{
	SizeSample samples[] = {at(4 * DAY), at(3 * DAY), at(2 * DAY), at(1 * DAY), at(0)};
	json_t *one;

	(void) state;
	samples[0].base_total = samples[1].base_total = 600 * GB;
	samples[0].base_free -= 400 * GB;
	samples[1].base_free -= 400 * GB;
	one = first_of(samples, 5);
	assert_int_equal(json_integer_value(json_object_get(one, "samples")), 3);
	assert_string_equal(json_text_of(one, "full_at"), "2026-01-19T00:00:00.000000Z");
	json_decref(one);
}

static void
an_archive_on_a_disk_of_its_own_has_a_row(void **state)
{
	SizeSample samples[] = {at(2 * DAY), at(1 * DAY), at(0)};
	json_t *list;

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		samples[i].wals_total = 200 * GB;
		samples[i].wals_free = 100 * GB - 20 * i * GB;
	}
	list = forecast_from(samples, 3);
	assert_int_equal(json_array_size(list), 2);
	/* 60 GB by 20 a day */
	assert_string_equal(json_text_of(json_array_get(list, 1), "full_at"),
						"2025-12-03T00:00:00.000000Z");
	assert_int_equal(json_integer_value(
						 json_object_get(json_array_get(list, 0), "growth_bytes_per_day")),
					 5 * GB);
	json_decref(list);
}

static void
a_history_is_thinned_out_and_bounded(void **state)
{
	SizeSample *samples;
	size_t count;
	int of_day = 0;

	(void) state;
	/* every hour for 40 days, and every minute of the last */
	for (int64_t age = 40 * DAY; age >= 0; age -= (age > DAY ? 3600 : 60) * SECOND)
	{
		SizeSample sample = at(age);

		sample.wal = sample.backups = GB;
		size_history_add("pg", &sample);
	}
	samples = size_history_of("pg", &count);
	assert_true(count < 400);
	assert_int_equal(samples[count - 1].at, NOW);
	for (size_t i = 0; i < count; i++)
		of_day += NOW - samples[i].at < DAY;
	assert_true(of_day >= 140 && of_day <= 146);
	free(samples);

	/* and is still there after a restart */
	size_history_close();
	size_history_open(home);
	samples = size_history_of("pg", &count);
	assert_true(count > 300);
	assert_int_equal(samples[count - 1].base_total, 1000 * GB);
	free(samples);
}

static void
a_damaged_history_begins_anew(void **state)
{
	static const char *const texts[] = {
		"no JSON",
		"[]",
		"{\"pg\": 3}",
		"{\"pg\": [[1, 2, 3]]}",
		"{\"pg\": [[0, 1, 1, 1, 1, 1, 1], [9223372036854775807, 1, 1, 1, 1, 1, 1], [5, -7, 1, 1, 1, 1, 1], [5, 1, 1, 1, 1, \"x\", 1]]}",
		"{\"../pg\": [[5, 1, 1, 1, 1, 1, 1]]}",
	};
	char *path = mem_printf("%s/sizes.json", home);
	size_t count;

	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		SizeSample sample = at(0);
		SizeSample *samples;

		size_history_close();
		assert_int_equal(files_write(path, texts[i]), 0);
		size_history_open(home);
		free(size_history_of("pg", &count));
		assert_int_equal(count, 0);
		size_history_add("pg", &sample);
		samples = size_history_of("pg", &count);
		assert_int_equal(count, 1);
		free(samples);
	}
	free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_steady_growth_leads_to_a_full_disk),
		TEST(too_little_history_is_said),
		TEST(a_disk_that_does_not_fill_has_no_time),
		TEST(an_enlarged_disk_begins_anew),
		TEST(an_archive_on_a_disk_of_its_own_has_a_row),
		TEST(a_history_is_thinned_out_and_bounded),
		TEST(a_damaged_history_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
