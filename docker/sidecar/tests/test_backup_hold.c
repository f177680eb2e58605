/*
 * test_backup_hold.c
 *
 * A backup that is copied is held, and WAL is received all the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "barman/backup_hold.h"
#include "barman/catalogue.h"
#include "barman/read_cache.h"
#include "base/memory.h"

static char home[64];

static void
learn(bool receives)
{
	json_t *directories = json_pack("{s:s, s:b}", "locks", home, "receives", receives);

	catalogue_learn("pg", directories, catalogue_configuration());
	json_decref(directories);
}

static int
lock_as(const char *what)
{
	char *path = mem_printf("%s/.pg-%s.lock", home, what);
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
	free(path);
	return file;
}

static bool
is_free(const char *what)
{
	char *path = mem_printf("%s/.pg-%s.lock", home, what);
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool is = flock(file, LOCK_EX | LOCK_NB) == 0;

	close(file);
	free(path);
	return is;
}

static BackupHold *
hold(void)
{
	json_t *ids = json_pack("[s]", "20261122T061022");
	bool busy;
	BackupHold *taken = backup_hold("pg", ids, &busy);

	json_decref(ids);
	assert_non_null(taken);
	return taken;
}

static size_t
held(void)
{
	json_t *servers = backup_held_servers();
	size_t count = json_array_size(servers);

	json_decref(servers);
	return count;
}

/* Barman before 3.13: there is no other lock that its retention policy minds. */
static void
maintenance_waits_while_wal_is_received(void **state)
{
	int receiver = lock_as("receive-wal");
	BackupHold *taken;

	(void) state;
	learn(true);
	taken = hold();
	assert_int_equal(held(), 1);
	assert_false(is_free("cron"));

	/* its receiver ends: who copies notices, also where cron is another's */
	close(receiver);
	backup_hold_look(taken);
	assert_true(is_free("cron"));
	assert_false(is_free("20261122T061022"));
	assert_int_equal(held(), 0);
	backup_let_go(taken);
	assert_true(is_free("20261122T061022"));
}

/* Locks where Barman has none would hold nothing off. */
static void
where_barman_has_no_locks_nothing_is_held(void **state)
{
	json_t *ids = json_pack("[s]", "20261122T061022");
	char *nothing = mem_printf("%s/nothing", home);
	json_t *directories = json_pack("{s:s, s:b}", "locks", nothing, "receives", 1);
	bool busy = true;

	(void) state;
	catalogue_learn("pg", directories, catalogue_configuration());
	assert_null(backup_hold("pg", ids, &busy));
	assert_false(busy);
	json_decref(directories);
	free(nothing);
	json_decref(ids);
}

static void
a_receiver_that_was_down_is_started(void **state)
{
	BackupHold *taken;

	(void) state;
	learn(true);
	taken = hold();
	assert_int_equal(held(), 0);
	assert_true(is_free("cron"));
	backup_let_go(taken);
}

static void
where_none_is_wanted_none_is_missed(void **state)
{
	BackupHold *taken;

	(void) state;
	learn(false);
	taken = hold();
	assert_int_equal(held(), 1);
	backup_hold_look(taken);
	assert_false(is_free("cron"));
	backup_let_go(taken);
	assert_true(is_free("cron"));
}

/* As Barman before 3.13 */
static Answer *
tell_version(const ReadTarget *target, RunControl *control)
{
	(void) target;
	(void) control;
	return answer_json(200, json_pack("{s:i}", "number", 30400));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maintenance_waits_while_wal_is_received),
		cmocka_unit_test(where_barman_has_no_locks_nothing_is_held),
		cmocka_unit_test(a_receiver_that_was_down_is_started),
		cmocka_unit_test(where_none_is_wanted_none_is_missed),
	};
	char *command;
	int failed;

	strcpy(home, "/tmp/sidecar-hold-XXXXXX");
	if (mkdtemp(home) == NULL || !reads_start(1, tell_version))
		return 1;
	command = mem_printf("touch %s/.pg-backup.lock && mkdir %s/nothing", home, home);
	if (system(command) != 0)
		return 1;
	free(command);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	reads_stop();
	command = mem_printf("rm -r %s", home);
	if (system(command) != 0)
		failed++;
	free(command);
	return failed;
}
