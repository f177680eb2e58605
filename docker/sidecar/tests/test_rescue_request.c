/*
 * test_rescue_request.c
 *
 * What a caller sends becomes the request of a rescue, of tables or of names
 * alone, or is refused with a reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "api/parse_rescue_request.h"
#include "base/memory.h"

/* Takes the wish, which stands under that key. */
static RescueRequest *
read_wish(const char *key, json_t *wish, Answer **refusal)
{
	json_t *arguments = json_pack("{s:s, s:s, s:s, s:o}", "instance", "x", "database", "shop",
								  "superuser", "postgres", key, wish);
	RescueRequest *rescue = rescue_request_read(arguments, refusal);

	json_decref(arguments);
	return rescue;
}

static RescueRequest *
request_of(const char *key, json_t *wish)
{
	Answer *refusal = NULL;
	RescueRequest *rescue = read_wish(key, wish, &refusal);

	assert_non_null(rescue);
	assert_null(refusal);
	return rescue;
}

static void
is_refused(const char *key, json_t *wish, const char *words)
{
	Answer *refusal = NULL;

	assert_null(read_wish(key, wish, &refusal));
	assert_non_null(strstr(json_text_of(json_object_get(refusal->value, "error"), "message"), words));
	answer_release(refusal);
}

static json_t *
numbers(size_t count)
{
	json_t *list = json_array();

	while (json_array_size(list) < count)
		json_array_append_new(list, json_integer(16384));
	return list;
}

static void
tables_are_read(void **state)
{
	RescueRequest *rescue = request_of("tables",
									   json_pack("[{s:s, s:s, s:s}, {s:I, s:s, s:s, s:b}]", "schema",
												 "shop", "name", "orders", "home_schema", "rescued",
												 "oid", (json_int_t) UINT32_MAX, "home_schema",
												 "rescued", "home_name", "other", "rows_only", 1));

	(void) state;
	assert_int_equal(rescue->table_count, 2);
	assert_string_equal(rescue->tables[0].name, "orders");
	assert_int_equal(rescue->tables[1].oid, UINT32_MAX);
	assert_true(rescue->tables[1].rows_only);
	assert_int_equal(rescue->names.oid_count + rescue->names.file_count, 0);
	rescue_request_free(rescue);
	is_refused("tables", json_array(), "at most 200");
	is_refused("tables", json_null(), "at most 200");
}

static void
names_stand_alone(void **state)
{
	RescueRequest *rescue = request_of("names_of",
									   json_pack("{s:[i, I], s:o}", "oids", 16384,
												 (json_int_t) UINT32_MAX, "files", numbers(2000)));
	json_t *both = json_pack("{s:s, s:s, s:s, s:{s:[i]}, s:[{s:s, s:s, s:s}]}", "instance", "x",
							 "database", "shop", "superuser", "postgres", "names_of", "oids", 16384,
							 "tables", "schema", "shop", "name", "orders", "home_schema", "rescued");
	Answer *refusal = NULL;

	(void) state;
	assert_int_equal(rescue->table_count, 0);
	assert_int_equal(rescue->names.oid_count, 2);
	assert_int_equal(rescue->names.oids[1], UINT32_MAX);
	assert_int_equal(rescue->names.file_count, 2000);
	rescue_request_free(rescue);
	assert_null(rescue_request_read(both, &refusal));
	assert_non_null(strstr(json_text_of(json_object_get(refusal->value, "error"), "message"),
						   "without \"tables\""));
	answer_release(refusal);
	json_decref(both);
}

static void
what_are_no_numbers_of_relations_is_refused(void **state)
{
	(void) state;
	is_refused("names_of", json_object(), "\"names_of\"");
	is_refused("names_of", json_pack("{s:[]}", "oids"), "\"names_of\"");
	is_refused("names_of", json_pack("{s:[i]}", "oids", 0), "\"names_of\"");
	is_refused("names_of", json_pack("{s:[I]}", "oids", (json_int_t) UINT32_MAX + 1), "\"names_of\"");
	is_refused("names_of", json_pack("{s:[i, s]}", "files", 1, "2"), "\"names_of\"");
	is_refused("names_of", json_pack("{s:[f]}", "files", 1.5), "\"names_of\"");
	is_refused("names_of", json_pack("{s:o}", "oids", numbers(2001)), "2000");
	is_refused("names_of", json_pack("{s:s}", "oids", "16384"), "\"oids\"");
	is_refused("names_of", json_pack("{s:[i], s:i}", "oids", 1, "tables", 1), "tables");
	is_refused("names_of", json_pack("[i]", 16384), "\"names_of\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_read),
		cmocka_unit_test(names_stand_alone),
		cmocka_unit_test(what_are_no_numbers_of_relations_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
