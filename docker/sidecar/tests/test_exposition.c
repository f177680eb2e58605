/*
 * test_exposition.c
 *
 * Prometheus' text format, to the byte: a parser must read back what was meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/exposition.h"

static void
expect(Exposition *exposition, const char *text)
{
	char *written = exposition_take(exposition);

	assert_string_equal(written, text);
	free(written);
}

static void
families_are_described_once(void **state)
{
	Exposition exposition = {0};

	(void) state;
	exposition_family(&exposition, "one", "gauge", "The first.");
	exposition_sample(&exposition, 1, NULL);
	exposition_sample(&exposition, 2, "a", "b", NULL);
	exposition_family(&exposition, "two", "counter", "The second.");
	exposition_sample(&exposition, 3, "a", "b", "c", "d", NULL);
	expect(&exposition, "# HELP one The first.\n# TYPE one gauge\none 1\none{a=\"b\"} 2\n"
						"# HELP two The second.\n# TYPE two counter\ntwo{a=\"b\",c=\"d\"} 3\n");
}

static void
families_without_samples_are_left_out(void **state)
{
	Exposition exposition = {0};

	(void) state;
	exposition_family(&exposition, "one", "gauge", "The first.");
	expect(&exposition, "");
}

static void
label_values_are_escaped(void **state)
{
	Exposition exposition = {0};

	(void) state;
	exposition_family(&exposition, "m", "gauge", "M.");
	exposition_sample(&exposition, 1, "a", "back\\slash \"quote\" new\nline } , = {", NULL);
	exposition_sample(&exposition, 1, "a", "\\\\n", NULL);
	exposition_sample(&exposition, 1, "a", "", NULL);
	exposition_sample(&exposition, 1, "a", "\xc3\xa4\t", NULL);
	expect(&exposition, "# HELP m M.\n# TYPE m gauge\n"
						"m{a=\"back\\\\slash \\\"quote\\\" new\\nline } , = {\"} 1\n"
						"m{a=\"\\\\\\\\n\"} 1\n"
						"m{a=\"\"} 1\n"
						"m{a=\"\xc3\xa4\t\"} 1\n");
}

static void
labels_without_a_value_are_left_out(void **state)
{
	Exposition exposition = {0};

	(void) state;
	exposition_family(&exposition, "m", "gauge", "M.");
	exposition_sample(&exposition, 1, "a", (char *) NULL, NULL);
	exposition_sample(&exposition, 1, "a", (char *) NULL, "b", "c", NULL);
	expect(&exposition, "# HELP m M.\n# TYPE m gauge\nm 1\nm{b=\"c\"} 1\n");
}

/* No digit of a size, a position or a time is lost. */
static void
numbers_read_back_as_they_were(void **state)
{
	static const double numbers[] = {
		0, 1, -1, 0.1, 1.5, 1795300000.123456, 9007199254740991.0, 1e18, 1.0 / 3, 5e-324, 1.7e308,
	};
	Exposition exposition = {0};
	char *text;
	char *rest;

	(void) state;
	exposition_family(&exposition, "m", "gauge", "M.");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		exposition_sample(&exposition, numbers[i], NULL);
	text = exposition_take(&exposition);
	rest = strstr(text, "gauge\n") + strlen("gauge\n");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
	{
		assert_memory_equal(rest, "m ", 2);
		assert_true(strtod(rest + 2, &rest) == numbers[i]);
		assert_int_equal(*rest++, '\n');
	}
	free(text);
}

static void
whole_numbers_have_no_exponent(void **state)
{
	Exposition exposition = {0};

	(void) state;
	exposition_family(&exposition, "m", "gauge", "M.");
	exposition_sample(&exposition, 123456789012345.0, NULL);
	expect(&exposition, "# HELP m M.\n# TYPE m gauge\nm 123456789012345\n");
}

static void
buckets_are_cumulative(void **state)
{
	static const double bounds[] = {0.5, 10};
	static const uint64_t counts[] = {1, 2, 4};
	Exposition exposition = {0};

	(void) state;
	exposition_family(&exposition, "h", "histogram", "H.");
	exposition_histogram(&exposition, bounds, 2, counts, 12.25, "kind", "a\"b");
	expect(&exposition, "# HELP h H.\n# TYPE h histogram\n"
						"h_bucket{kind=\"a\\\"b\",le=\"0.5\"} 1\n"
						"h_bucket{kind=\"a\\\"b\",le=\"10\"} 3\n"
						"h_bucket{kind=\"a\\\"b\",le=\"+Inf\"} 7\n"
						"h_sum{kind=\"a\\\"b\"} 12.25\n"
						"h_count{kind=\"a\\\"b\"} 7\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_described_once),
		cmocka_unit_test(families_without_samples_are_left_out),
		cmocka_unit_test(label_values_are_escaped),
		cmocka_unit_test(labels_without_a_value_are_left_out),
		cmocka_unit_test(numbers_read_back_as_they_were),
		cmocka_unit_test(whole_numbers_have_no_exponent),
		cmocka_unit_test(buckets_are_cumulative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
