/*
 * test_read_ahead.c
 *
 * Many servers are listed by one run of Barman, one server by its own; and a
 * list is not given once something has changed.
 */
#include "barman_json_fixture.h"

#include "barman/catalogue.h"
#include "barman/read_ahead.h"
#include "base/memory.h"

static int runs;
static int learnt;
static int begun;
static bool change_meanwhile;
static bool fails;

static char *
list_all(RunControl *control)
{
	(void) control;
	runs++;
	if (change_meanwhile)
		read_ahead_forget("c");
	return fails
			   ? NULL
			   : mem_strdup("{\"a\": [1], \"b\": [2], \"c\": [3], \"d\": [4], \"_INFO\": [\"x\"]}");
}

static void
learn_all(RunControl *control)
{
	(void) control;
	learnt++;
}

static void
begin(void)
{
	begun++;
}

static bool
is_due(const char *server)
{
	(void) server;
	return true;
}

static json_t *
servers(int count)
{
	json_t *all = json_array();

	for (int i = 0; i < count; i++)
	{
		char name[2] = {(char) ('a' + i), '\0'};

		json_array_append_new(all, json_pack("{s:s, s:s}", "server", name, "state", "active"));
	}
	return all;
}

static const ReadAhead ahead = {list_all, learn_all, begin, is_due, NULL};

static char *
list(const char *server, int count)
{
	json_t *all = servers(count);
	bool watched;
	char *text = read_ahead_backups(&ahead, server, all, &watched);

	/* nothing is known of their catalogues */
	if (text != NULL)
		assert_false(watched);
	json_decref(all);
	return text;
}

static void
assert_list(const char *server, const char *wanted)
{
	char *text = list(server, 4);

	if (wanted == NULL)
		assert_null(text);
	else
		assert_string_equal(text, wanted);
	free(text);
}

/* As if "a" had been asked for just before */
static int
set_up(void **state)
{
	(void) state;
	change_meanwhile = fails = false;
	read_ahead_forget(NULL);
	free(list("a", 0));
	runs = learnt = begun = 0;
	return 0;
}

static void
test_many(void **state)
{
	(void) state;
	assert_list("a", NULL);
	assert_int_equal(runs, 0);
	assert_list("b", "{\"b\":[2]}");
	assert_int_equal(learnt, 1);
	assert_list("c", "{\"c\":[3]}");
	assert_list("d", "{\"d\":[4]}");
	assert_int_equal(runs, 1);
	/* each is given once */
	assert_list("c", "{\"c\":[3]}");
	assert_int_equal(runs, 2);
}

static void
test_one(void **state)
{
	(void) state;
	assert_list("a", NULL);
	assert_list("a", NULL);
	assert_int_equal(runs, 0);
}

static void
test_few(void **state)
{
	(void) state;
	assert_null(list("b", 3));
	assert_int_equal(runs, 0);
}

static void
test_changed(void **state)
{
	(void) state;
	assert_list("b", "{\"b\":[2]}");
	read_ahead_forget("c");
	assert_list("c", "{\"c\":[3]}");
	assert_int_equal(runs, 2);
	read_ahead_forget(NULL);
	change_meanwhile = true;
	assert_list("d", NULL);
	assert_int_equal(runs, 3);
}

/* Somebody who asks for one server alone begins one run for all, not one each time. */
static void
test_in_advance(void **state)
{
	json_t *all = servers(4);

	(void) state;
	/* whoever took a list makes the next run worth it */
	assert_list("b", "{\"b\":[2]}");
	assert_list("b", NULL);
	assert_int_equal(begun, 1);
	assert_list("b", NULL);
	assert_int_equal(begun, 1);
	read_ahead_forget(NULL);
	runs = 0;
	read_ahead_begin(&ahead, all);
	assert_int_equal(runs, 1);
	/* all lists are there */
	read_ahead_begin(&ahead, all);
	assert_int_equal(runs, 1);
	assert_list("d", "{\"d\":[4]}");
	json_decref(all);
}

static void
test_in_advance_of_few(void **state)
{
	json_t *few = servers(3);

	(void) state;
	read_ahead_begin(&ahead, few);
	assert_int_equal(runs, 0);
	json_decref(few);
}

/* Last: then it rests. */
static void
test_failed(void **state)
{
	(void) state;
	fails = true;
	assert_list("b", NULL);
	assert_int_equal(runs, 1);
	assert_list("c", NULL);
	assert_int_equal(runs, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_many, set_up),
		cmocka_unit_test_setup(test_one, set_up),
		cmocka_unit_test_setup(test_few, set_up),
		cmocka_unit_test_setup(test_changed, set_up),
		cmocka_unit_test_setup(test_in_advance, set_up),
		cmocka_unit_test_setup(test_in_advance_of_few, set_up),
		cmocka_unit_test_setup(test_failed, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
