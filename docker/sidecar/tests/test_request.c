/*
 * test_request.c
 *
 * Paths are decoded once and bodies hold what they may, or are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/arguments.h"
#include "http/body.h"
#include "http/request.h"

static bool
decodes_to(const char *from, const char *to)
{
	char segment[64];

	strcpy(segment, from);
	return http_decode_segment(segment) && strcmp(segment, to) == 0;
}

static bool
is_refused(const char *from)
{
	char segment[64];

	strcpy(segment, from);
	return !http_decode_segment(segment);
}

static void
escapes_are_decoded_once(void **state)
{
	(void) state;
	assert_true(decodes_to("pg", "pg"));
	assert_true(decodes_to("", ""));
	assert_true(decodes_to("a%20b", "a b"));
	assert_true(decodes_to("a%2Fb", "a/b"));
	assert_true(decodes_to("%2e%2E", ".."));
	assert_true(decodes_to("%252e", "%2e"));
	assert_true(decodes_to("a+b", "a+b"));
	assert_true(decodes_to("gr%C3%B6%c3%9fe", "gr\xc3\xb6\xc3\x9f"
											  "e"));
}

static void
bad_escapes_are_refused(void **state)
{
	(void) state;
	assert_true(is_refused("%"));
	assert_true(is_refused("%2"));
	assert_true(is_refused("%zz"));
	assert_true(is_refused("%-1"));
	assert_true(is_refused("% 1"));
	assert_true(is_refused("%00"));
	assert_true(is_refused("%0a"));
	assert_true(is_refused("%7f"));
	assert_true(is_refused("%ff"));
	assert_true(is_refused("%c3"));
	assert_true(is_refused("%c0%ae"));
}

static void
a_slash_in_an_escape_splits_nothing(void **state)
{
	Request request = {0};

	(void) state;
	assert_true(http_split_path(&request, "/v1/servers/a%2Fb/check"));
	assert_int_equal(request.segment_count, 4);
	assert_string_equal(request.segments[2], "a/b");
	for (int i = 0; i < request.segment_count; i++)
		free(request.segments[i]);
}

static void
absurd_paths_are_refused(void **state)
{
	char text[3000];

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		Request request = {0};

		if (i == 0)
			strcpy(text, "no/slash");
		else if (i == 1)
			strcpy(text, "/1/2/3/4/5/6/7/8/9");
		else
		{
			memset(text, 'a', sizeof(text));
			text[0] = '/';
			text[sizeof(text) - 1] = '\0';
		}
		assert_false(http_split_path(&request, text));
		for (int j = 0; j < request.segment_count; j++)
			free(request.segments[j]);
	}
}

static const Argument fields[] = {
	{"name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"fast", ARGUMENT_BOOL, 0, 0, false, true},
	{"seconds", ARGUMENT_INTEGER, 1, 100, false, 60},
	{"limit", ARGUMENT_INTEGER, 1, 100, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

static json_t *
parse_or_refuse(const char *body, Answer **refusal)
{
	json_t *given = http_body_parse(body, strlen(body), ARGUMENTS_MAX_VALUES, refusal);
	json_t *arguments = given != NULL ? arguments_check(given, fields, refusal) : NULL;

	json_decref(given);
	return arguments;
}

static json_t *
parse(const char *body)
{
	Answer *refusal = NULL;
	json_t *arguments = parse_or_refuse(body, &refusal);

	answer_release(refusal);
	return arguments;
}

/* What the refusal says, or "" */
static const char *
refusal_of(const char *body)
{
	static char message[256];
	Answer *refusal = NULL;
	json_t *arguments = parse_or_refuse(body, &refusal);
	json_t *error;

	assert_null(arguments);
	assert_int_equal(refusal->status, 400);
	error = json_object_get(refusal->value, "error");
	snprintf(message, sizeof(message), "%s: %s", json_string_value(json_object_get(error, "code")),
			 json_string_value(json_object_get(error, "message")));
	answer_release(refusal);
	return message;
}

static void
missing_fields_have_their_defaults(void **state)
{
	const char *bodies[] = {"", "{}",
							"{\"name\":null,\"fast\":null,\"seconds\":null,\"limit\":null}"};

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		json_t *arguments = parse(bodies[i]);

		assert_non_null(arguments);
		assert_true(json_is_null(json_object_get(arguments, "name")));
		assert_true(json_is_true(json_object_get(arguments, "fast")));
		assert_int_equal(json_integer_value(json_object_get(arguments, "seconds")), 60);
		assert_true(json_is_null(json_object_get(arguments, "limit")));
		json_decref(arguments);
	}
}

static void
given_fields_are_kept(void **state)
{
	json_t *arguments = parse("{\"name\":\"x\",\"fast\":false,\"seconds\":1.9,\"limit\":100}");

	(void) state;
	assert_string_equal(json_string_value(json_object_get(arguments, "name")), "x");
	assert_true(json_is_false(json_object_get(arguments, "fast")));
	assert_int_equal(json_integer_value(json_object_get(arguments, "seconds")), 1);
	assert_int_equal(json_integer_value(json_object_get(arguments, "limit")), 100);
	json_decref(arguments);
}

static void
refusals_name_the_field(void **state)
{
	(void) state;
	assert_string_equal(refusal_of("{\"fats\":true}"), "bad_argument: unknown field \"fats\"");
	assert_string_equal(refusal_of("{\"name\":1}"),
						"bad_argument: the field \"name\" must be a string or null");
	assert_string_equal(refusal_of("{\"fast\":\"yes\"}"),
						"bad_argument: the field \"fast\" must be true or false");
	assert_string_equal(refusal_of("{\"seconds\":0}"),
						"bad_argument: the field \"seconds\" must be a number from 1 to 100");
	assert_string_equal(refusal_of("{\"seconds\":\"5\"}"),
						"bad_argument: the field \"seconds\" must be a number from 1 to 100");
	assert_string_equal(refusal_of("{\"limit\":1e300}"),
						"bad_argument: the field \"limit\" must be a number from 1 to 100");
}

static void
what_is_no_object_is_refused(void **state)
{
	(void) state;
	assert_string_equal(refusal_of("[]"), "bad_request: the body must be a JSON object");
	assert_string_equal(refusal_of("{"), "bad_request: the body is not valid JSON");
	assert_string_equal(refusal_of("{} x"), "bad_request: the body is not valid JSON");
	assert_string_equal(refusal_of("{\"name\":\"a\",\"name\":\"b\"}"),
						"bad_request: the body is not valid JSON");
	assert_string_equal(refusal_of("{\"name\":\"a\\u0000b\"}"),
						"bad_request: the body is not valid JSON");
	assert_string_equal(refusal_of("{\"name\":\"\xff\"}"), "bad_request: the body is not valid JSON");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_are_decoded_once),
		cmocka_unit_test(bad_escapes_are_refused),
		cmocka_unit_test(a_slash_in_an_escape_splits_nothing),
		cmocka_unit_test(absurd_paths_are_refused),
		cmocka_unit_test(missing_fields_have_their_defaults),
		cmocka_unit_test(given_fields_are_kept),
		cmocka_unit_test(refusals_name_the_field),
		cmocka_unit_test(what_is_no_object_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
