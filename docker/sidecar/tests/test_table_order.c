/*
 * test_table_order.c
 *
 * Tables that come home together stand behind what they need of each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "rescue/table_order.h"

#define TABLES_MAX 4

/* Their names after they were ordered, or the error */
static void
expect_order(const char *const *found, size_t count, unsigned int rows_only, const char *expected)
{
	WantedTable tables[TABLES_MAX];
	char names[200] = "";
	char *error = NULL;
	const char *hint = NULL;

	memset(tables, 0, sizeof(tables));
	for (size_t i = 0; i < count; i++)
	{
		tables[i].found = json_loads(found[i], 0, NULL);
		tables[i].wanted.rows_only = (rows_only & 1U << i) != 0;
		assert_non_null(tables[i].found);
	}
	if (wanted_tables_order(tables, count, &error, &hint))
	{
		for (size_t i = 0; i < count; i++)
		{
			strcat(names, json_text_of(tables[i].found, "name"));
			/* what it still needs of others, and from whom it cannot inherit */
			if (json_array_size(json_object_get(tables[i].found, "needs")) > 0)
				strcat(names, "!");
			if (json_array_size(json_object_get(tables[i].found, "no_inherit")) > 0)
				strcat(names, "-");
		}
		assert_null(error);
		assert_string_equal(names, expected);
	}
	else
	{
		assert_non_null(hint);
		assert_non_null(strstr(error, expected));
		free(error);
	}
	for (size_t i = 0; i < count; i++)
		json_decref(tables[i].found);
}

static void
who_needs_comes_behind_who_gives(void **state)
{
	static const char *const found[] =
		{"{\"schema\": \"s\", \"name\": \"a\", \"tables\": [{\"oid\": 1}], \"needs\": [{\"kind\": \"type\", \"oid\": 22}, {\"kind\": \"relation\", \"oid\": 30}]}",
		 "{\"schema\": \"s\", \"name\": \"b\", \"tables\": [{\"oid\": 2}], \"gives\": [{\"kind\": \"type\", \"oid\": 22}], \"needs\": [{\"kind\": \"relation\", \"oid\": 30}]}",
		 "{\"schema\": \"s\", \"name\": \"c\", \"tables\": [{\"oid\": 3}], \"gives\": [{\"kind\": \"relation\", \"oid\": 30}], \"needs\": null}"};
	static const char *const other[] =
		{"{\"schema\": \"s\", \"name\": \"a\", \"tables\": [{\"oid\": 1}], \"needs\": [{\"kind\": \"relation\", \"oid\": 22}]}",
		 "{\"schema\": \"s\", \"name\": \"b\", \"tables\": [{\"oid\": 2}], \"gives\": [{\"kind\": \"type\", \"oid\": 22}]}"};

	(void) state;
	expect_order(found, 3, 0, "cba");
	/* what is at home already is looked for there */
	expect_order(found, 3, 1U << 2, "b!a!c");
	/* the number of a type is none of a relation */
	expect_order(other, 2, 0, "a!b");
	expect_order(NULL, 0, 0, "");
}

static void
two_that_need_each_other_are_refused(void **state)
{
	static const char *const found[] =
		{"{\"schema\": \"s\", \"name\": \"a\", \"tables\": [{\"oid\": 1}], \"gives\": [{\"kind\": \"type\", \"oid\": 11}], \"needs\": [{\"kind\": \"type\", \"oid\": 12}]}",
		 "{\"schema\": \"s\", \"name\": \"b\", \"tables\": [{\"oid\": 2}], \"gives\": [{\"kind\": \"type\", \"oid\": 12}], \"needs\": [{\"kind\": \"type\", \"oid\": 11}]}"};

	(void) state;
	expect_order(found, 2, 0, "none of tables s.a and s.b can be made before the other");
}

static void
foreign_keys_count_where_they_can(void **state)
{
	static const char *const found[] =
		{"{\"schema\": \"s\", \"name\": \"a\", \"tables\": [{\"oid\": 1}], \"foreign_keys\": [{\"references\": 33}, {\"references\": 1}]}",
		 "{\"schema\": \"s\", \"name\": \"b\", \"tables\": [{\"oid\": 2}, {\"oid\": 33}], \"foreign_keys\": [{\"references\": 99}]}"};
	static const char *const circle[] =
		{"{\"schema\": \"s\", \"name\": \"a\", \"tables\": [{\"oid\": 1}], \"foreign_keys\": [{\"references\": 2}]}",
		 "{\"schema\": \"s\", \"name\": \"b\", \"tables\": [{\"oid\": 2}], \"foreign_keys\": [{\"references\": 1}]}"};

	(void) state;
	expect_order(found, 2, 0, "ba");
	expect_order(circle, 2, 0, "ab");
}

static void
children_come_behind_their_parents_or_alone(void **state)
{
	static const char *const found[] =
		{"{\"schema\": \"s\", \"name\": \"a\", \"tables\": [{\"oid\": 1}], \"parents\": [{\"oid\": 2}]}",
		 "{\"schema\": \"s\", \"name\": \"b\", \"tables\": [{\"oid\": 2}]}",
		 "{\"schema\": \"s\", \"name\": \"c\", \"tables\": [{\"oid\": 3}], \"parents\": [{\"oid\": 1}, {\"oid\": 77}]}"};

	(void) state;
	expect_order(found, 3, 0, "bac-");
	/* a parent that is at home is none of one that is made */
	expect_order(found, 3, 1U << 1, "a-bc-");
	expect_order(found, 3, 7, "bac-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_needs_comes_behind_who_gives),
		cmocka_unit_test(two_that_need_each_other_are_refused),
		cmocka_unit_test(foreign_keys_count_where_they_can),
		cmocka_unit_test(children_come_behind_their_parents_or_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
