/*
 * test_kept_marks.c
 *
 * Marks are kept, told, and never overwritten by others.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/directory.h"
#include "base/memory.h"
#include "proof/kept_marks.h"

static char home[] = "/tmp/poc_marks_XXXXXX";

static int
make_home(void **state)
{
	(void) state;
	assert_non_null(mkdtemp(home));
	kept_marks_start(home);
	return 0;
}

static int
remove_home(void **state)
{
	(void) state;
	kept_marks_stop();
	return directory_remove(home);
}

static int expected; /* errno of the next mark */

static void
keep(const char *server, const char *name, const char *cluster, uint64_t lsn, const char *at,
	 const char *tables)
{
	json_t *facts = json_checked(
		json_pack("{s:s, s:s, s:s}", "name", name, "system_identifier", cluster, "at", at));
	json_t *all = json_checked(json_pack("{s:s, s:s}", "name", name, "tables", tables));
	KeptMark mark = {.name = name, .lsn = lsn, .system_identifier = cluster, .facts = facts, .all = all};

	assert_int_equal(kept_marks_write(server, &mark), expected);
	json_decref(facts);
	json_decref(all);
}

static void
expect_tables(const char *server, const char *name, const char *cluster, const char *tables)
{
	json_t *mark = kept_marks_find(server, name, cluster);

	if (tables == NULL)
		assert_null(mark);
	else
		assert_string_equal(json_text_of(mark, "tables"), tables);
	json_decref(mark);
}

static void
the_newest_of_a_name_is_found(void **state)
{
	json_t *list;

	(void) state;
	expect_tables("one", "m", "1", NULL);
	keep("one", "m", "1", 100, "2026-01-02T00:00:00.000000Z", "second");
	keep("one", "m", "1", 50, "2026-01-01T00:00:00.000000Z", "first");
	keep("one", "m", "2", 100, "2026-01-03T00:00:00.000000Z", "of another cluster");
	expect_tables("one", "m", "1", "second");
	expect_tables("one", "m", "2", "of another cluster");
	expect_tables("one", "m", "3", NULL);
	expect_tables("two", "m", "1", NULL);
	/* the same once more is the same */
	keep("one", "m", "1", 100, "2026-01-02T00:00:00.000000Z", "second");
	/* and nothing else is put in its place */
	expected = EEXIST;
	keep("one", "m", "1", 100, "2026-01-04T00:00:00.000000Z", "a lie");
	expected = 0;
	expect_tables("one", "m", "1", "second");
	list = kept_marks_list("one");
	assert_int_equal(json_array_size(list), 3);
	json_decref(list);
}

/* What keep() writes of a mark, without waiting for the disk */
static void
scribble(int number)
{
	static const char *const suffixes[] = {"mark", "tables"};

	for (size_t i = 0; i < 2; i++)
	{
		char *path = mem_printf("%s/marks/many/1_%016d_m.%s", home, number, suffixes[i]);
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fprintf(file,
				"{\"name\": \"m\", \"system_identifier\": \"1\", \"key\": \"1_%016d_m\", \"at\": \"2026-02-01T01:%02d:%02d.000000Z\"}",
				number, number / 60, number % 60);
		assert_int_equal(fclose(file), 0);
		free(path);
	}
}

static void
the_oldest_goes_when_there_are_too_many(void **state)
{
	json_t *list;

	(void) state;
	keep("many", "oldest", "1", 1, "2026-02-01T00:00:01.000000Z", "t");
	keep("many", "next", "1", 2, "2026-02-01T00:00:02.000000Z", "t");
	for (int i = 3; i < 2001; i++)
		scribble(i);
	list = kept_marks_list("many");
	assert_int_equal(json_array_size(list), 2000);
	json_decref(list);
	keep("many", "one_more", "1", 3000, "2026-02-02T00:00:00.000000Z", "t");
	list = kept_marks_list("many");
	assert_int_equal(json_array_size(list), 2000);
	json_decref(list);
	expect_tables("many", "oldest", "1", NULL);
	expect_tables("many", "next", "1", "t");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_of_a_name_is_found),
		cmocka_unit_test(the_oldest_goes_when_there_are_too_many),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
