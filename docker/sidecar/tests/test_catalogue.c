/*
 * test_catalogue.c
 *
 * What Barman has told of its directories is remembered over a restart, but not
 * over a change of its configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "barman/catalogue.h"
#include "base/directory.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"

static char home[64];
static char *configuration;

/* The signature is looked up once a millisecond. */
static void
configure(const char *text)
{
	int64_t began = monotonic_ms();

	assert_int_equal(files_write(configuration, text), 0);
	while (monotonic_ms() <= began + 1)
		;
}

static void
learn(const char *incoming)
{
	json_t *directories = json_pack("{s:s}", "incoming", incoming);

	catalogue_learn("pg", directories, catalogue_configuration());
	json_decref(directories);
}

/* As if the sidecar had been started again */
static void
restart(void)
{
	catalogue_forget_all();
	catalogue_start(home);
}

static int
set_up(void **state)
{
	(void) state;
	strcpy(home, "/tmp/sidecar-catalogue-XXXXXX");
	assert_non_null(mkdtemp(home));
	configuration = mem_printf("%s/barman.conf", home);
	settings.barman_config = configuration;
	configure("[barman]\n");
	catalogue_start(home);
	learn("/old");
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	catalogue_forget_all();
	settings.barman_config = NULL;
	free(configuration);
	return directory_remove(home);
}

static void
test_remembers_over_a_restart(void **state)
{
	char *path;

	(void) state;
	assert_true(catalogue_known("pg"));
	restart();
	assert_true(catalogue_known("pg"));
	path = catalogue_directory("pg", "incoming");
	assert_string_equal(path, "/old");
	free(path);
}

static void
test_asks_anew_after_a_change_of_the_configuration(void **state)
{
	char *path;

	(void) state;
	configure("[barman]\nincoming_wals_directory = /new\n");
	assert_false(catalogue_known("pg"));
	learn("/new");
	assert_true(catalogue_known("pg"));
	path = catalogue_directory("pg", "incoming");
	assert_string_equal(path, "/new");
	free(path);
}

static void
test_remembers_nothing_of_another_configuration(void **state)
{
	(void) state;
	configure("[barman]\nincoming_wals_directory = /new\n");
	restart();
	assert_false(catalogue_known("pg"));
	assert_null(catalogue_directory("pg", "incoming"));
}

/* The same directories, told again, count for the new configuration, also after a restart. */
static void
test_the_same_directories_count_again(void **state)
{
	(void) state;
	configure("[barman]\ndescription = new\n");
	learn("/old");
	assert_true(catalogue_known("pg"));
	restart();
	assert_true(catalogue_known("pg"));
}

/* What Barman has read before a change may be elsewhere after it. */
static void
test_a_change_while_barman_runs(void **state)
{
	uint64_t before = catalogue_configuration();
	json_t *directories = json_pack("{s:s}", "incoming", "/old");

	(void) state;
	configure("[barman]\nincoming_wals_directory = /new\n");
	catalogue_learn("pg", directories, before);
	assert_false(catalogue_known("pg"));
	restart();
	assert_null(catalogue_directory("pg", "incoming"));
	json_decref(directories);
}

/* What may have become another server since is asked for again, once. */
static void
test_asks_once_after_a_restart(void **state)
{
	json_t *reached = json_pack("{s:s, s:b}", "incoming", "/old", "in_recovery", 0);

	(void) state;
	/* PostgreSQL was not reached */
	assert_false(catalogue_recent("pg"));
	catalogue_learn("pg", reached, catalogue_configuration());
	assert_true(catalogue_recent("pg"));
	restart();
	assert_true(catalogue_known("pg"));
	assert_false(catalogue_recent("pg"));
	catalogue_learn("pg", reached, catalogue_configuration());
	assert_true(catalogue_recent("pg"));
	configure("[barman]\n; another\n");
	assert_false(catalogue_recent("pg"));
	json_decref(reached);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_remembers_over_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_asks_anew_after_a_change_of_the_configuration, set_up,
										tear_down),
		cmocka_unit_test_setup_teardown(test_remembers_nothing_of_another_configuration, set_up,
										tear_down),
		cmocka_unit_test_setup_teardown(test_the_same_directories_count_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_asks_once_after_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_change_while_barman_runs, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
