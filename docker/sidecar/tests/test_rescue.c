/*
 * test_rescue.c
 *
 * What a rescue makes of text that pg_dump and a restored server have written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "rescue/home_names.h"
#include "rescue/table_definition.h"

static void
expect_text(const char *dump, const char *expected)
{
	char *copy = mem_strdup(dump);

	assert_string_equal(rescue_without_psql(copy), expected);
	free(copy);
}

static void
commands_of_psql_are_cut_off_where_pg_dump_has_put_them(void **state)
{
	(void) state;
	expect_text("--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET a = 0;\n\n--\n-- complete\n--\n\n\\unrestrict abc\n\n",
				"\n\nSET a = 0;\n\n--\n-- complete\n--\n\n");
	/* of a server whose pg_dump has none */
	expect_text("--\n-- dump\n--\n\nSET a = 0;\n", "--\n-- dump\n--\n\nSET a = 0;\n");
	expect_text("", "");
	expect_text("--", "--");
}

static void
values_that_look_like_them_stay(void **state)
{
	static const char text[] = "\n\nCOMMENT ON TABLE t IS 'a\n\\restrict fake\n\\unrestrict fake\nb';\n";

	(void) state;
	expect_text("\\restrict abc\n\nCOMMENT ON TABLE t IS 'a\n\\restrict fake\n\\unrestrict fake\nb';\n\\unrestrict abc\n",
				text);
	expect_text(text, text);
}

static void
indexes_take_the_name_of_their_table(void **state)
{
	RescueTable wanted = {.home_schema = (char *) (uintptr_t) "s",
						  .home_name = (char *) (uintptr_t) "then"};
	json_t *table = json_checked(json_pack("{s:s}", "name", "orders"));
	char *name = rescue_home_name(table, &wanted, "orders_pkey");

	(void) state;
	assert_string_equal(name, "then_pkey");
	free(name);
	name = rescue_home_name(table, &wanted, "by note");
	assert_string_equal(name, "then_by note");
	free(name);
	wanted.home_name = (char *) (uintptr_t) "orders";
	name = rescue_home_name(table, &wanted, "by note");
	assert_string_equal(name, "by note");
	free(name);
	json_decref(table);
}

static void
names_are_digits_alone(void **state)
{
	char *name = rescue_qualified("a\"b", "\\! ü'");

	(void) state;
	assert_int_equal(strspn(name, "U&\"!+0123456789abcdef ESCAP'."), strlen(name));
	assert_null(strchr(name, '\\'));
	free(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_of_psql_are_cut_off_where_pg_dump_has_put_them),
		cmocka_unit_test(values_that_look_like_them_stay),
		cmocka_unit_test(indexes_take_the_name_of_their_table),
		cmocka_unit_test(names_are_digits_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
