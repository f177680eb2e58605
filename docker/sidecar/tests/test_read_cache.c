/*
 * test_read_cache.c
 *
 * One run of Barman answers all who ask at the same time, and nobody hears
 * what is no longer true.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "barman/catalogue.h"
#include "barman/read_cache.h"
#include "base/timestamp.h"

static atomic_int runs;
static atomic_int status_to_give;
static atomic_int run_us;
static atomic_int hang_live; /* check hangs until cancelled */

/* Stands for Barman: each run tells its number. */
static Answer *
count_runs(const ReadTarget *target, RunControl *control)
{
	int number = atomic_fetch_add(&runs, 1) + 1;

	if (target->kind == READ_CHECK && atomic_load(&hang_live))
		run_control_sleep(control, 60000);
	usleep((useconds_t) atomic_load(&run_us));
	return answer_json(atomic_load(&status_to_give), json_pack("{s:i}", "run", number));
}

static int
set_up(void **state)
{
	(void) state;
	atomic_store(&runs, 0);
	atomic_store(&status_to_give, 200);
	atomic_store(&run_us, 1000);
	atomic_store(&hang_live, 0);
	return reads_start(4, count_runs) ? 0 : 1;
}

static int
tear_down(void **state)
{
	(void) state;
	reads_stop();
	catalogue_forget_all();
	return 0;
}

static int
ask_aged(ReadKind kind, const char *server, int64_t max_age_ms)
{
	ReadTarget target = {kind, server, ""};
	Answer *answer = reads_wait(&target, max_age_ms);
	int run = (int) json_integer_value(json_object_get(answer->value, "run"));

	answer_release(answer);
	return run;
}

static int
ask(ReadKind kind, const char *server)
{
	return ask_aged(kind, server, READ_AGE_DEFAULT);
}

static void *
ask_in_thread(void *arg)
{
	(void) arg;
	return (void *) (intptr_t) ask(READ_BACKUPS, "pg");
}

static void
the_second_answer_comes_from_the_cache(void **state)
{
	(void) state;
	assert_int_equal(ask(READ_BACKUPS, "pg"), 1);
	assert_int_equal(ask(READ_BACKUPS, "pg"), 1);
	assert_int_equal(ask(READ_BACKUPS, "other"), 2);
	assert_int_equal(ask(READ_STATUS, "pg"), 3);
	assert_int_equal(ask(READ_BACKUPS, "pg"), 1);
}

static void
those_who_ask_together_share_a_run(void **state)
{
	pthread_t threads[20];

	(void) state;
	atomic_store(&run_us, 200000);
	for (int i = 0; i < 20; i++)
		pthread_create(&threads[i], NULL, ask_in_thread, NULL);
	for (int i = 0; i < 20; i++)
	{
		void *run;

		pthread_join(threads[i], &run);
		assert_int_equal((int) (intptr_t) run, 1);
	}
	assert_int_equal(atomic_load(&runs), 1);
}

static void
a_job_makes_it_stale(void **state)
{
	(void) state;
	assert_int_equal(ask(READ_BACKUPS, "pg"), 1);
	assert_int_equal(ask(READ_BACKUPS, "other"), 2);
	reads_invalidate("pg");
	assert_int_equal(ask(READ_BACKUPS, "pg"), 3);
	assert_int_equal(ask(READ_BACKUPS, "other"), 2);
	reads_invalidate(NULL);
	assert_int_equal(ask(READ_BACKUPS, "other"), 4);
}

static void
a_run_that_began_before_the_job_ended_does_not_count(void **state)
{
	pthread_t early;
	void *run;

	(void) state;
	atomic_store(&run_us, 300000);
	pthread_create(&early, NULL, ask_in_thread, NULL);
	usleep(100000);
	reads_invalidate("pg");
	assert_int_equal(ask(READ_BACKUPS, "pg"), 2);
	pthread_join(early, &run);
	assert_int_equal((int) (intptr_t) run, 1);
}

static void
an_error_is_asked_again_soon(void **state)
{
	(void) state;
	atomic_store(&status_to_give, 502);
	assert_int_equal(ask(READ_BACKUPS, "pg"), 1);
	assert_int_equal(ask(READ_BACKUPS, "pg"), 1);
	usleep(1100000);
	assert_int_equal(ask(READ_BACKUPS, "pg"), 2);
}

static void
the_caller_may_want_it_younger(void **state)
{
	(void) state;
	assert_int_equal(ask(READ_BACKUPS, "pg"), 1);
	assert_int_equal(ask_aged(READ_BACKUPS, "pg", 60000), 1);
	usleep(20000);
	assert_int_equal(ask_aged(READ_BACKUPS, "pg", 10), 2);
	assert_int_equal(ask_aged(READ_BACKUPS, "pg", 0), 3);
}

static void *
ask_files_in_thread(void *arg)
{
	(void) arg;
	return (void *) (intptr_t) ask(READ_FILES, "pg");
}

/* One asks Barman again and waits; the others have the old answer, unless something was changed. */
static void
while_one_asks_again_the_others_have_the_old_answer(void **state)
{
	pthread_t first;
	void *run;
	int old = 0;

	(void) state;
	assert_int_equal(ask(READ_FILES, "pg"), 1);
	atomic_store(&run_us, 1000000);
	usleep(1100000); /* its age */
	pthread_create(&first, NULL, ask_files_in_thread, NULL);
	while (atomic_load(&runs) < 2)
		usleep(1000);
	for (int i = 0; i < 100; i++)
		old += ask(READ_FILES, "pg") == 1;
	assert_true(old >= 90);
	/* who wants it younger waits for it */
	assert_int_equal(ask_aged(READ_FILES, "pg", 500), 2);
	pthread_join(first, &run);
	assert_int_equal((int) (intptr_t) run, 2);

	usleep(1100000);
	pthread_create(&first, NULL, ask_files_in_thread, NULL);
	while (atomic_load(&runs) < 3)
		usleep(1000);
	reads_invalidate("pg");
	assert_int_equal(ask(READ_FILES, "pg"), 4);
	pthread_join(first, &run);
}

static void
a_hanging_postgresql_does_not_hold_the_list(void **state)
{
	char server[8];

	(void) state;
	atomic_store(&hang_live, 1);
	for (int i = 0; i < 10; i++)
	{
		ReadTarget target = {READ_CHECK, server, ""};

		snprintf(server, sizeof(server), "pg%d", i);
		assert_null(reads_get(&target, READ_AGE_DEFAULT, NULL));
	}
	usleep(50000);
	assert_true(ask(READ_BACKUPS, "pg") > 0);
}

static void
who_waits_when_it_stops_is_told(void **state)
{
	ReadTarget target = {READ_CHECK, "pg", ""};
	Answer *answer;

	(void) state;
	atomic_store(&hang_live, 1);
	assert_null(reads_get(&target, READ_AGE_DEFAULT, NULL));
	reads_stop();
	answer = reads_wait(&target, READ_AGE_DEFAULT);
	assert_int_equal(answer->status, 503);
	answer_release(answer);
}

/* The files are looked at once in a millisecond. */
static void
next_millisecond(void)
{
	int64_t now = monotonic_ms();

	while (monotonic_ms() == now)
		;
}

static void
a_changed_catalogue_makes_it_stale(void **state)
{
	char directory[] = "/tmp/sidecar-catalogue-XXXXXX";
	char path[256];
	char command[300];
	json_t *directories;
	FILE *file;

	(void) state;
	assert_non_null(mkdtemp(directory));
	snprintf(command, sizeof(command),
			 "cd %s && mkdir -p base/20261122T081530 meta wals && "
			 "echo a > base/20261122T081530/backup.info && touch wals/xlog.db",
			 directory);
	assert_int_equal(system(command), 0);
	directories = json_pack("{s:o,s:o}", "base", json_sprintf("%s/base", directory), "wals",
							json_sprintf("%s/wals", directory));
	catalogue_learn("pg", directories, catalogue_configuration());
	json_decref(directories);

	assert_int_equal(ask(READ_BACKUPS, "pg"), 1);
	assert_int_equal(ask(READ_BACKUPS, "pg"), 1);

	snprintf(path, sizeof(path), "%s/base/20261122T081530/backup.info", directory);
	file = fopen(path, "a");
	fputs("status=DONE\n", file);
	fclose(file);
	next_millisecond();
	assert_int_equal(ask(READ_BACKUPS, "pg"), 2);
	assert_int_equal(ask(READ_BACKUPS, "pg"), 2);

	snprintf(path, sizeof(path), "%s/wals/xlog.db", directory);
	file = fopen(path, "a");
	fputs("000000010000000000000003\n", file);
	fclose(file);
	next_millisecond();
	assert_int_equal(ask(READ_BACKUPS, "pg"), 3);

	snprintf(path, sizeof(path), "%s/meta/20261122T081530-backup.info", directory);
	file = fopen(path, "w");
	fclose(file);
	next_millisecond();
	assert_int_equal(ask(READ_BACKUPS, "pg"), 4);

	snprintf(path, sizeof(path), "%s/base/20261123T081530", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	next_millisecond();
	assert_int_equal(ask(READ_BACKUPS, "pg"), 5);
	assert_int_equal(ask(READ_BACKUPS, "pg"), 5);

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

static void
a_thousand_questions_do_not_pile_up(void **state)
{
	char server[16];

	(void) state;
	atomic_store(&run_us, 0);
	for (int i = 0; i < 1500; i++)
	{
		snprintf(server, sizeof(server), "s%d", i);
		assert_int_equal(ask(READ_BACKUPS, server), i + 1);
	}
	assert_int_equal(ask(READ_BACKUPS, server), 1500);
}

#define READS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		READS_TEST(the_second_answer_comes_from_the_cache),
		READS_TEST(those_who_ask_together_share_a_run),
		READS_TEST(a_job_makes_it_stale),
		READS_TEST(a_run_that_began_before_the_job_ended_does_not_count),
		READS_TEST(an_error_is_asked_again_soon),
		READS_TEST(the_caller_may_want_it_younger),
		READS_TEST(while_one_asks_again_the_others_have_the_old_answer),
		READS_TEST(a_hanging_postgresql_does_not_hold_the_list),
		READS_TEST(who_waits_when_it_stops_is_told),
		READS_TEST(a_changed_catalogue_makes_it_stale),
		READS_TEST(a_thousand_questions_do_not_pile_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
