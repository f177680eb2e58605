/*
 * test_instance_refresh.c
 *
 * Who may refresh which instance, what a claim that is given back has changed,
 * and what of an instance's files Barman may copy over.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/settings.h"
#include "restore/former_data.h"
#include "restore/instance.h"
#include "restore/instance_files.h"

static char *home;
static char *root; /* of the instances, below home */
static char *of_pg[] = {"pg", NULL};
static char *of_other[] = {"other", NULL};
static const TokenGrant all = {SCOPE_OPERATE, NULL};
static const TokenGrant for_pg = {SCOPE_OPERATE, of_pg};
static const TokenGrant for_other = {SCOPE_OPERATE, of_other};
static const RestoreNeeds nothing;

static char *
directory(void)
{
	char *path = mem_strdup("/tmp/test_refresh.XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

/* Writes a file, and makes the directories to it. */
static void
put(const char *below, const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", below, name);

	for (char *slash = path + strlen(below) + 1; (slash = strchr(slash, '/')) != NULL; slash++)
	{
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	assert_int_equal(files_write(path, text), 0);
	free(path);
}

static bool
there(const char *below, const char *name)
{
	char *path = mem_printf("%s/%s", below, name);
	struct stat status;
	bool exists = lstat(path, &status) == 0;

	free(path);
	return exists;
}

static void
put_record(const char *name, const char *state, int port)
{
	char *file = mem_printf("state/instances/%s.json", name);
	char *text = mem_printf("{\"instance\": \"%s\", \"server\": \"pg\", \"backup_id\": \"20260101T000000\", \"state\": \"%s\","
							" \"port\": %d, \"has_files\": true, \"bytes\": 1000, \"created\": \"2026-01-01T00:00:00.000000Z\"}",
							name, state, port);

	put(home, file, text);
	free(text);
	free(file);
}

static int
start(void **state)
{
	char *records;

	(void) state;
	home = directory();
	root = mem_printf("%s/instances", home);
	records = mem_printf("%s/state", home);
	settings.instance_root = root;
	settings.instance_listen = "127.0.0.1";
	settings.instance_host = "127.0.0.1";
	put_record("stopped", "stopped", 65001);
	put_record("failed", "failed", 0);
	assert_true(instances_start(records));
	free(records);
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	instances_stop();
	directory_remove(home);
	settings.instance_root = NULL;
	free(root);
	free(home);
	return 0;
}

static char *
listed(void)
{
	Answer *answer = instances_list(&all);
	char *text = json_dumps(answer->value, JSON_SORT_KEYS);

	answer_release(answer);
	return text;
}

static void
assert_refused(const char *name, const char *server, const TokenGrant *grant, const char *code,
			   const char *words)
{
	Answer *claim = NULL;
	Answer *check = instance_refresh_refusal(name, server, grant, &nothing);
	const json_t *error;

	assert_null(instance_claim_to_refresh(name, server, grant, &nothing, &claim));
	assert_non_null(claim);
	assert_non_null(check);
	assert_true(json_equal(claim->value, check->value));
	error = json_object_get(claim->value, "error");
	assert_string_equal(json_text_of(error, "code"), code);
	assert_non_null(strstr(json_text_of(error, "message"), words));
	answer_release(claim);
	answer_release(check);
}

static void
test_refuses(void **state)
{
	char *before = listed();
	char *after;

	(void) state;
	assert_refused("none", "pg", &all, "unknown_instance", "there is no instance \"none\"");
	assert_refused("../x", "pg", &all, "unknown_instance", "there is no instance");
	/* to a token for others there is none */
	assert_refused("stopped", "other", &for_other, "unknown_instance",
				   "there is no instance \"stopped\"");
	assert_refused("stopped", "other", &all, "conflict", "not of server \"other\"");
	assert_refused("failed", "pg", &all, "conflict", "could not be removed");
	after = listed();
	assert_string_equal(after, before);
	free(after);
	free(before);
}

/* Given back because the job was not submitted, it is what it was, and free for others. */
static void
test_gives_back(void **state)
{
	char *before = listed();
	char *after;
	Answer *refusal = NULL;
	RestoreNeeds needs = {.backup = 5000};
	Instance *instance = instance_claim_to_refresh("stopped", "pg", &for_pg, &needs, &refusal);

	(void) state;
	assert_non_null(instance);
	assert_null(refusal);
	assert_ptr_equal(instance_claimed("stopped"), instance);
	after = listed();
	assert_string_equal(after, before);
	free(after);
	assert_refused("stopped", "pg", &all, "conflict", "is busy");
	assert_null(instance_claim_to_drop("stopped", &all, &refusal));
	answer_release(refusal);

	/* the backup that is to come is not to be deleted, and the former may be */
	assert_false(instance_is_restoring("pg", NULL));
	instance_restores(instance, "20260202T000000");
	assert_true(instance_is_restoring("pg", "20260202T000000"));
	assert_false(instance_is_restoring("pg", "20260101T000000"));
	instance_give_back(instance);
	assert_false(instance_is_restoring("pg", NULL));
	after = listed();
	assert_string_equal(after, before);
	free(after);
	free(before);
	instance = instance_claim_to_refresh("stopped", "pg", &for_pg, &nothing, &refusal);
	assert_non_null(instance);
	instance_give_back(instance);
}

static void
test_begins(void **state)
{
	Answer *refusal = NULL;
	Instance *instance = instance_claim_to_refresh("stopped", "pg", &for_pg, &nothing, &refusal);
	char *record = mem_printf("%s/state/instances/stopped.json", home);
	json_t *value;

	(void) state;
	instance_restores(instance, "20260202T000000");
	assert_true(instance_refreshes(instance, &refusal));
	assert_null(refusal);
	value = files_json(record);
	assert_string_equal(json_text_of(value, "state"), "restoring");
	assert_string_equal(json_text_of(value, "backup_id"), "20260202T000000");
	assert_int_equal(json_integer_value(json_object_get(value, "port")), 65001);
	json_decref(value);

	/* what fails from now on leaves nothing */
	assert_true(instance_failed(instance, NULL));
	assert_null(files_json(record));
	free(record);
}

/* A server that was started by hand meanwhile keeps its files. */
static void
test_port_is_taken_meanwhile(void **state)
{
	char *before = listed();
	char *after;
	Answer *refusal = NULL;
	Instance *instance = instance_claim_to_refresh("stopped", "pg", &for_pg, &nothing, &refusal);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(65001)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void) state;
	instance_restores(instance, "20260202T000000");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_false(instance_refreshes(instance, &refusal));
	assert_non_null(refusal);
	assert_string_equal(json_text_of(json_object_get(refusal->value, "error"), "code"), "conflict");
	answer_release(refusal);
	close(fd);
	instance_give_back(instance);
	after = listed();
	assert_string_equal(after, before);
	free(after);
	free(before);
}

static char *
instance_of_files(void)
{
	static const char *const names[] = {
		"data/PG_VERSION",	   "data/base/1/2",		  "data/base/1/16400",
		"data/pg_wal/x",	   "data/pg_tblspc/x",	  "data/log/x",
		"data/standby.signal", "data/postmaster.pid", "data/backup_label",
		"tablespaces/1/PG/x",  "tablespaces/2/x",	  "server.log",
		"production/pg.conf",  "staging/x",			  "data/postgresql.auto.conf",
	};
	char *path = directory();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put(path, names[i], "x");
	return path;
}

static void
test_strips(void **state)
{
	char *path = instance_of_files();

	(void) state;
	assert_null(former_data_strip(path, 1));
	assert_true(there(path, "data/PG_VERSION") && there(path, "data/base/1/16400") &&
				there(path, "tablespaces/1/PG/x"));
	assert_false(there(path, "data/pg_wal") || there(path, "data/pg_tblspc") ||
				 there(path, "data/log") || there(path, "data/standby.signal") ||
				 there(path, "data/postmaster.pid") || there(path, "data/backup_label") ||
				 there(path, "data/postgresql.auto.conf"));
	assert_false(there(path, "tablespaces/2") || there(path, "server.log") ||
				 there(path, "production") || there(path, "staging"));
	directory_remove(path);
	free(path);
}

/* What leads elsewhere is neither stripped nor copied over. */
static void
test_follows_nothing(void **state)
{
	static const char *const names[] = {"data", "tablespaces", "data/base", "data/base/1/2",
										"tablespaces/1/PG"};

	(void) state;
	for (size_t i = 0; i <= sizeof(names) / sizeof(names[0]); i++)
	{
		bool hard = i == sizeof(names) / sizeof(names[0]);
		char *path = instance_of_files();
		char *theirs = instance_of_files();
		char *name = mem_printf("%s/%s", path, hard ? "data/base/1/2" : names[i]);
		char *their_file = mem_printf("%s/data/base/1/2", theirs);
		char *words;

		directory_remove(name);
		assert_int_equal(hard ? link(their_file, name) : symlink(theirs, name), 0);
		words = former_data_strip(path, 1);
		assert_non_null(words);
		free(words);
		assert_true(there(theirs, "data/postmaster.pid") && there(theirs, "tablespaces/2/x") &&
					there(theirs, "data/base/1/2"));
		directory_remove(path);
		directory_remove(theirs);
		free(path);
		free(theirs);
		free(name);
		free(their_file);
	}
}

static void
test_finds_what_is_left(void **state)
{
	static const char *const same[] = {"data/PG_VERSION", "data/base/1/2", "data/pg_xact/0000"};
	static const char *const made[] = {
		"data/pg_wal/000000010000000000000001",
		"data/barman_wal/000000010000000000000001",
		"data/.barman-recover.info",
		"data/recovery.signal",
		"data/backup_manifest.20260101T000000",
		"data/postgresql.conf.origin",
		"staging/x",
	};
	static const char *const left[] = {
		"data/base/1/16400",   "data/backup_manifest.20250101T000000",
		"data/standby.signal", "data/base/x/y",
		"tablespaces/1/PG/y",  "tablespaces/2/x",
		"data/pg_wal2",
	};
	json_t *tablespaces = json_pack("[{s:s, s:i}]", "name", "elsewhere", "oid", 16390);
	char *path = directory();
	char *backup = directory();
	char *words;

	(void) state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
	{
		put(path, same[i], "x");
		put(backup, same[i], "x");
	}
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		put(path, made[i], "x");
	put(path, "tablespaces/1/PG/x", "x");
	put(backup, "16390/PG/x", "x");
	assert_null(former_data_left(path, backup, "20260101T000000", tablespaces));
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
	{
		put(path, left[i], "x");
		words = former_data_left(path, backup, "20260101T000000", tablespaces);
		assert_non_null(words);
		assert_non_null(strstr(words, "is in the copy"));
		free(words);
		directory_remove(path);
		assert_int_equal(mkdir(path, 0700), 0);
	}

	/* a directory in the place of a file */
	put(path, "data/base/1/2/x", "x");
	words = former_data_left(path, backup, "20260101T000000", tablespaces);
	assert_non_null(strstr(words, "data/base/1/2"));
	free(words);
	json_decref(tablespaces);
	directory_remove(path);
	directory_remove(backup);
	free(path);
	free(backup);
}

/* A process that the cage of the former directory allows to write is not allowed to in this one. */
static void
test_makes_another_directory(void **state)
{
	char *path = instance_of_files();
	int former = open(path, O_PATH | O_DIRECTORY);
	struct stat before;
	struct stat after;

	(void) state;
	assert_true(former >= 0);
	assert_int_equal(instance_files_make_anew(path), 0);
	assert_int_equal(fstat(former, &before), 0);
	assert_int_equal(lstat(path, &after), 0);
	assert_true(before.st_ino != after.st_ino);
	assert_int_equal(mkdirat(former, "data", 0700), -1);
	assert_true(there(path, "staging") && !there(path, "staging/x") && !there(path, "data"));
	close(former);
	directory_remove(path);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refuses, start, tear_down),
		cmocka_unit_test_setup_teardown(test_gives_back, start, tear_down),
		cmocka_unit_test_setup_teardown(test_begins, start, tear_down),
		cmocka_unit_test_setup_teardown(test_port_is_taken_meanwhile, start, tear_down),
		cmocka_unit_test(test_strips),
		cmocka_unit_test(test_follows_nothing),
		cmocka_unit_test(test_finds_what_is_left),
		cmocka_unit_test(test_makes_another_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
