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
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/directory.h"
#include "base/memory.h"
#include "base/timestamp.h"
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

/* NULL if there is none */
static json_t *
read_mark(const char *server, const char *key)
{
	size_t length;
	int file = kept_marks_open(server, key, &length);
	json_t *answer = file >= 0 ? json_loadfd(file, 0, NULL) : NULL;
	json_t *mark = json_incref(json_object_get(answer, "mark"));

	if (file >= 0)
	{
		assert_int_equal(lseek(file, 0, SEEK_END), length);
		close(file);
	}
	json_decref(answer);
	return mark;
}

static void
expect_tables(const char *server, const char *key, const char *tables)
{
	json_t *mark = read_mark(server, key);

	if (tables == NULL)
		assert_null(mark);
	else
		assert_string_equal(json_text_of(mark, "tables"), tables);
	json_decref(mark);
}

static size_t
count(const char *server)
{
	json_t *list = kept_marks_list(server);
	size_t marks = json_array_size(list);

	json_decref(list);
	return marks;
}

static void
no_mark_takes_the_place_of_another(void **state)
{
	(void) state;
	expect_tables("one", "1_0000000000000064_m", NULL);
	keep("one", "m", "1", 100, "2026-01-02T00:00:00.000000Z", "second");
	keep("one", "m", "1", 50, "2026-01-01T00:00:00.000000Z", "first");
	keep("one", "m", "2", 100, "2026-01-03T00:00:00.000000Z", "of another cluster");
	expect_tables("one", "1_0000000000000064_m", "second");
	expect_tables("one", "1_0000000000000032_m", "first");
	expect_tables("one", "2_0000000000000064_m", "of another cluster");
	expect_tables("two", "1_0000000000000064_m", NULL);
	/* the same once more is the same */
	keep("one", "m", "1", 100, "2026-01-02T00:00:00.000000Z", "second");
	/* and nothing else is put in its place */
	expected = EEXIST;
	keep("one", "m", "1", 100, "2026-01-04T00:00:00.000000Z", "a lie");
	expected = 0;
	expect_tables("one", "1_0000000000000064_m", "second");
	assert_int_equal(count("one"), 3);
}

static void
no_other_file_is_a_mark(void **state)
{
	static const char *const keys[] = {"../one/1_0000000000000064_m", "..", ".", "", "/etc/passwd"};

	(void) state;
	keep("one", "m", "1", 100, "2026-01-02T00:00:00.000000Z", "second");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_null(read_mark("two", keys[i]));
}

/* When a mark came: so many days ago, and seconds after that */
static void
came(char text[TIMESTAMP_LENGTH], int days, int seconds)
{
	timestamp_format(timestamp_now() + (seconds - INT64_C(86400) * days) * 1000000, text);
}

/* As after a restart: the lists are read at the start */
static void
read_again(void)
{
	kept_marks_stop();
	kept_marks_start(home);
}

/* What keep() writes of a mark, without waiting for the disk */
static void
scribble(const char *server, int number, int days, const char *more)
{
	static const char *const suffixes[] = {"mark", "tables"};
	char at[TIMESTAMP_LENGTH];

	came(at, days, number);
	for (size_t i = 0; i < 2; i++)
	{
		char *path = mem_printf("%s/marks/%s/1_%016X_m.%s", home, server, number, suffixes[i]);
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		if (i == 1)
			fprintf(file, "{\"mark\": {\"tables\": \"%s\"}}", more);
		else
			fprintf(file,
					"{\"name\": \"m\", \"system_identifier\": \"1\", \"key\": \"1_%016X_m\", \"kept\": \"%s\"}",
					number, at);
		assert_int_equal(fclose(file), 0);
		free(path);
	}
}

static void
the_oldest_goes_when_there_are_too_many(void **state)
{
	(void) state;
	/* "at" is what a database says */
	keep("many", "one", "1", 1, "1999-02-01T00:00:01.000000Z", "t");
	for (int i = 2; i <= 2000; i++)
		scribble("many", i, i < 4 ? 31 : 1, "");
	read_again();
	assert_int_equal(count("many"), 2000);
	keep("many", "one_more", "1", 3000, "2026-02-02T00:00:00.000000Z", "t");
	assert_int_equal(count("many"), 2000);
	expect_tables("many", "1_0000000000000002_m", NULL);
	expect_tables("many", "1_0000000000000003_m", "");
	keep("many", "one_more", "1", 3001, "1999-01-01T00:00:00.000000Z", "t");
	expect_tables("many", "1_0000000000000003_m", NULL);
	/* those of the last month stay */
	expected = ENOSPC;
	keep("many", "one_more", "1", 3002, "2026-02-02T00:00:00.000000Z", "t");
	expected = 0;
	expect_tables("many", "1_0000000000000001_one", "t");
	assert_int_equal(count("many"), 2000);
	read_again();
	assert_int_equal(count("many"), 2000);
}

static void
their_size_has_a_limit(void **state)
{
	char *large = mem_alloc(16 * 1024 * 1024);

	(void) state;
	memset(large, 'x', 16 * 1024 * 1024 - 1);
	large[16 * 1024 * 1024 - 1] = '\0';
	keep("large", "one", "1", 1, "2026-02-01T00:00:01.000000Z", "t");
	for (int i = 2; i <= 17; i++)
		scribble("large", i, i < 4 ? 31 : 1, large);
	read_again();
	keep("large", "one", "1", 100, "2026-02-01T00:00:01.000000Z", "t");
	expect_tables("large", "1_0000000000000002_m", NULL);
	scribble("large", 18, 1, large);
	keep("large", "one", "1", 101, "2026-02-01T00:00:01.000000Z", "t");
	scribble("large", 19, 1, large);
	expected = ENOSPC;
	keep("large", "one", "1", 102, "2026-02-01T00:00:01.000000Z", "t");
	expected = 0;
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_mark_takes_the_place_of_another),
		cmocka_unit_test(no_other_file_is_a_mark),
		cmocka_unit_test(the_oldest_goes_when_there_are_too_many),
		cmocka_unit_test(their_size_has_a_limit),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
