/*
 * test_barman_json_fixtures.c
 *
 * Every real output in tests/fixtures comes out as tests/fixtures/EXPECTED
 * says, in the schema of its parser; and no fixture is left out.
 */
#include "barman_json_fixture.h"

#include <fnmatch.h>

#define MAX_LINES 2000

/* FILE PARSER EXPECTATION; the text is split in place */
typedef struct Expectation
{
	char *file;
	char *parser;
	char *outcome;
	bool used;
} Expectation;

static Expectation expectations[MAX_LINES];
static size_t expectation_count;
static char *expectation_text;

static void compare_value(const char *path, const json_t *value, const json_t *wanted);

static char *
next_word(char **text)
{
	char *word = *text;

	*text += strcspn(*text, " ");
	if (**text == ' ')
		*(*text)++ = '\0';
	return word;
}

static int
load_expectations(void **state)
{
	size_t length;
	char *line;

	(void) state;
	expectation_text = read_whole_file(FIXTURES_DIR "/EXPECTED", &length);
	if (expectation_text == NULL)
		return -1;
	line = expectation_text;
	while (*line)
	{
		char *end = line + strcspn(line, "\n");
		bool last = *end == '\0';

		*end = '\0';
		if (*line != '\0' && *line != '#')
		{
			Expectation *expectation = &expectations[expectation_count++];

			if (expectation_count > MAX_LINES)
				return -1;
			expectation->file = next_word(&line);
			expectation->parser = next_word(&line);
			expectation->outcome = line;
		}
		line = last ? end : end + 1;
	}
	return 0;
}

static int
free_expectations(void **state)
{
	(void) state;
	free(expectation_text);
	return 0;
}

/* Text of a value as EXPECTED writes it: bare. */
static bool
has_text(const json_t *value, const char *text)
{
	char *dump;
	bool same;

	if (json_is_string(value))
		return strcmp(json_string_value(value), text) == 0;
	dump = json_dumps(value, JSON_ENCODE_ANY);
	same = dump && strcmp(dump, text) == 0;
	free(dump);
	return same;
}

/* "key=text": the element, and how many there are */
static const json_t *
elements_with(const json_t *array, const char *selector, size_t *count)
{
	char key[100];
	const char *text = strchr(selector, '=');
	const json_t *found = NULL;

	assert_non_null(text);
	snprintf(key, sizeof(key), "%.*s", (int) (text - selector), selector);
	*count = 0;
	for (size_t i = 0; i < json_array_size(array); i++)
	{
		const json_t *element = json_array_get(array, i);

		if (has_text(json_object_get(element, key), text + 1))
		{
			found = element;
			(*count)++;
		}
	}
	return found;
}

static void
compare_within_array(const char *path, const json_t *array, const char *selector, const json_t *wanted)
{
	size_t count;

	if (strcmp(selector, "#") == 0)
		assert_int_equal(json_array_size(array), json_integer_value(wanted));
	else if (selector[0] == '#')
	{
		elements_with(array, selector + 1, &count);
		if ((json_int_t) count != json_integer_value(wanted))
			fail_msg("%s has %zu of %s", path, count, selector);
	}
	else if (isdigit((unsigned char) selector[0]))
		compare_value(path, json_array_get(array, strtoul(selector, NULL, 10)), wanted);
	else
	{
		const json_t *element = elements_with(array, selector, &count);

		if (count != 1)
			fail_msg("%s has %zu elements with %s", path, count, selector);
		compare_value(path, element, wanted);
	}
}

static void
compare_value(const char *path, const json_t *value, const json_t *wanted)
{
	const char *key;
	json_t *wanted_member;
	char inner[300];

	if (json_is_object(wanted) && (json_is_object(value) || json_is_array(value)))
	{
		json_object_foreach ((json_t *) wanted, key, wanted_member)
		{
			snprintf(inner, sizeof(inner), "%.200s %.90s", path, key);
			if (json_is_array(value))
				compare_within_array(inner, value, key, wanted_member);
			else if (strcmp(key, "#") == 0)
				assert_int_equal(json_object_size(value), json_integer_value(wanted_member));
			else
				compare_value(inner, json_object_get(value, key), wanted_member);
		}
	}
	else if (!json_equal(value, wanted))
	{
		char *got = json_dumps(value, JSON_ENCODE_ANY);
		char *expected = json_dumps(wanted, JSON_ENCODE_ANY);

		fail_msg("%s is %s, expected %s", path, got ? got : "absent", expected);
	}
}

static void
compare_failure(const char *path, json_t *value, const BarmanFailure *failure, char *outcome)
{
	char *words = strchr(outcome, ' ');
	size_t length = words ? (size_t) (words - outcome) : strlen(outcome);

	if (value != NULL)
		fail_msg("%s: a value, expected the failure %s", path, outcome);
	if (strlen(failure->code) != length || strncmp(failure->code, outcome, length) != 0)
		fail_msg("%s: %s, expected %s", path, failure->code, outcome);
	if (words && (failure->detail == NULL || strstr(failure->detail, words + 1) == NULL))
		fail_msg("%s: detail is \"%s\", expected \"%s\"", path, failure->detail, words + 1);
}

static void
check_fixture(Fixture *fixture, void *context)
{
	size_t *asserted = context;
	bool stated = false;

	for (size_t i = 0; i < expectation_count; i++)
	{
		Expectation *expectation = &expectations[i];
		const Parser *parser = find_parser(expectation->parser);
		BarmanFailure failure = {0};
		json_t *value;

		if (fnmatch(expectation->file, fixture->path, 0) != 0)
			continue;
		stated = expectation->used = true;
		if (parser == NULL)
		{
			if (strcmp(expectation->parser, "-") != 0 && strcmp(expectation->parser, "+") != 0)
				fail_msg("EXPECTED names no parser: %s", expectation->parser);
			continue;
		}
		value = parser->parse(&fixture->output, fixture->server, &failure);
		if (expectation->outcome[0] == '!')
			compare_failure(fixture->path, value, &failure, expectation->outcome + 1);
		else
		{
			json_t *wanted = json_loads(expectation->outcome, JSON_REJECT_DUPLICATES, NULL);

			if (wanted == NULL)
				fail_msg("EXPECTED is no JSON: %s", expectation->outcome);
			if (value == NULL)
				fail_msg("%s: %s (%s), expected a value", fixture->path, failure.code,
						 failure.detail);
			compare_value(fixture->path, value, wanted);
			json_decref(wanted);
		}
		validate_outcome(parser, value, &failure);
		json_decref(value);
		barman_failure_clear(&failure);
		(*asserted)++;
	}
	if (!stated)
		fail_msg("%s is not mentioned in EXPECTED", fixture->path);
}

static void
every_fixture_comes_out_as_expected(void **state)
{
	size_t asserted = 0;
	size_t count = for_each_fixture(check_fixture, &asserted);

	(void) state;
	for (size_t i = 0; i < expectation_count; i++)
	{
		if (!expectations[i].used)
			fail_msg("EXPECTED mentions %s, which is not there", expectations[i].file);
	}
	print_message("%zu files, %zu expectations\n", count, asserted);
	assert_true(asserted > 0);
}

/* Fed to a parser that it was not meant for, a real output must not break it. */
static void
check_against_every_parser(Fixture *fixture, void *context)
{
	size_t *outcomes = context;

	for (const Parser *parser = parsers; parser->name; parser++)
	{
		bool good = try_parser(parser, &fixture->output, fixture->server);

		outcomes[good ? 1 : 0]++;
		/* another server's answer is no answer */
		if (strcmp(parser->name, "check") == 0 || strcmp(parser->name, "backups") == 0 ||
			strcmp(parser->name, "status") == 0)
			assert_false(try_parser(parser, &fixture->output, "other"));
	}
}

static void
every_parser_survives_every_fixture(void **state)
{
	size_t outcomes[2] = {0, 0};

	(void) state;
	for_each_fixture(check_against_every_parser, outcomes);
	print_message("%zu values, %zu failures\n", outcomes[1], outcomes[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fixture_comes_out_as_expected),
		cmocka_unit_test(every_parser_survives_every_fixture),
	};

	return cmocka_run_group_tests(tests, load_expectations, free_expectations);
}
