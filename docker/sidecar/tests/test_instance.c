/*
 * test_instance.c
 *
 * What a restored server is given to run with, what is left of a directory,
 * and what of names.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "barman/lsn.h"
#include "base/directory.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "patience.h"
#include "restore/data_directory.h"
#include "restore/disk_needs.h"
#include "restore/instance.h"
#include "restore/instance_config.h"
#include "restore/instance_files.h"
#include "restore/recovery_end.h"
#include "restore/running_restore.h"
#include "restore/segment_name.h"
#include "restore/server_keeper.h"

/* of a primary that reports nothing */
static const PrimarySettings untold;

static const char controldata[] = "pg_control version number:            1300\n"
								  "max_connections setting:              700\n"
								  "max_worker_processes setting:         30\n"
								  "max_wal_senders setting:              50\n"
								  "max_prepared_xacts setting:           700\n"
								  "max_locks_per_xact setting:           512\n"
								  "track_commit_timestamp setting:       on\n"
								  "Bytes per WAL segment:                67108864\n"
								  "Mock authentication nonce:            00\n";

/* As an argument of this program, which is then not a test, and when it has run for long enough */
#define SWARM		"--swarm"
#define SWARM_BYTES 1000

static void test_names(void **state);
static void test_positions(void **state);
static void test_settings_keep_apart(void **state);
static void test_settings_suffice(void **state);
static void test_nothing_is_taken_over(void **state);
static void test_own_target(void **state);
static void test_mend(void **state);
static void test_mend_refuses(void **state);
static void test_mend_finds_links(void **state);
static void test_counts_what_is_freed(void **state);
static void test_remove_follows_no_link(void **state);
static void test_make_is_a_claim(void **state);
static void test_follows_no_link_of_a_server(void **state);
static void test_removes_what_is_closed(void **state);
static void test_removes_what_is_deep(void **state);
static void test_ends_with_all_its_processes(void **state);
static int run_swarm(const char *path);
static void copy_this_program(const char *directory_to);
static int64_t file_size(const char *path);
static void assert_quiet(const char *path);
static void test_needs(void **state);
static void test_needs_of_a_liar(void **state);
static void test_tail(void **state);
static void test_recovery(void **state);
static char *directory(void);
static void put(const char *directory, const char *name, const char *text);
static bool there(const char *directory, const char *name);

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_settings_keep_apart),
		cmocka_unit_test(test_settings_suffice),
		cmocka_unit_test(test_nothing_is_taken_over),
		cmocka_unit_test(test_own_target),
		cmocka_unit_test(test_mend),
		cmocka_unit_test(test_mend_refuses),
		cmocka_unit_test(test_mend_finds_links),
		cmocka_unit_test(test_counts_what_is_freed),
		cmocka_unit_test(test_remove_follows_no_link),
		cmocka_unit_test(test_make_is_a_claim),
		cmocka_unit_test(test_follows_no_link_of_a_server),
		cmocka_unit_test(test_removes_what_is_closed),
		cmocka_unit_test(test_removes_what_is_deep),
		cmocka_unit_test(test_ends_with_all_its_processes),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_needs_of_a_liar),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_recovery),
	};

	if (argc > 2 && strcmp(argv[1], SWARM) == 0)
		return run_swarm(argv[2]);
	/* the sidecar's program is its own keeper of servers, and so is this one */
	if (argc > 1 && strcmp(argv[1], SERVER_KEEPER) == 0)
		return server_keeper_main(argc - 2, argv + 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

static void
test_names(void **state)
{
	(void) state;
	assert_true(instance_name_is_valid("a"));
	assert_true(instance_name_is_valid("before_the_mistake_2"));
	assert_true(instance_name_is_valid("a2345678901234567890123456789012345678901"));
	assert_false(instance_name_is_valid("a23456789012345678901234567890123456789012"));
	assert_false(instance_name_is_valid(""));
	assert_false(instance_name_is_valid("A"));
	assert_false(instance_name_is_valid("1a"));
	assert_false(instance_name_is_valid("_a"));
	assert_false(instance_name_is_valid("a-b"));
	assert_false(instance_name_is_valid(".."));
	assert_false(instance_name_is_valid("a/b"));
	assert_false(instance_name_is_valid("\303\251"));
}

static void
test_positions(void **state)
{
	uint64_t lsn;

	(void) state;
	assert_true(lsn_parse("0/3000060", &lsn));
	assert_int_equal(lsn, 0x3000060);
	assert_true(lsn_parse("A/FFFFFFFF", &lsn));
	assert_int_equal(lsn, UINT64_C(0xAFFFFFFFF));
	assert_false(lsn_parse("", &lsn));
	assert_false(lsn_parse("0", &lsn));
	assert_false(lsn_parse("0/", &lsn));
	assert_false(lsn_parse("/0", &lsn));
	assert_false(lsn_parse("0/0/0", &lsn));
	assert_false(lsn_parse("0/g", &lsn));
	assert_false(lsn_parse("123456789/0", &lsn));
	assert_false(lsn_parse("zzz", &lsn));
}

static void
test_settings_keep_apart(void **state)
{
	static const char *const wanted[] = {
		"\ncluster_name = 'x'\n",
		"\nport = 5555\n",
		"\nlisten_addresses = '127.0.0.1'\n",
		"\nunix_socket_directories = '/i/x/socket'\n",
		"\nhba_file = '/i/x/pg_hba.conf'\n",
		"\narchive_mode = off\n",
		"\narchive_command = ''\n",
		"\nprimary_conninfo = ''\n",
		"\nprimary_slot_name = ''\n",
		"\nmax_logical_replication_workers = 0\n",
		"\nshared_preload_libraries = ''\n",
		"\nhot_standby = off\n",
		"\ndata_directory = '/i/x/data'\n",
		"\nexternal_pid_file = ''\n",
		"\nident_file = '/i/x/pg_ident.conf'\n",
		"\nmax_connections = 700\n",
		"\nmax_worker_processes = 30\n",
		"\nmax_wal_senders = 0\n",
		"\nmax_prepared_transactions = 700\n",
		"\nmax_replication_slots = 4096\n",
		"\ntrack_commit_timestamp = on\n",
		"\nmin_wal_size = '128MB'\n",
		"\nmax_wal_size = '1024MB'\n",
	};
	ServerConfig config = {.name = "x", .directory = "/i/x", .listen = "127.0.0.1", .port = 5555};
	ServerNeeds needs = server_needs("/i/x/data", controldata, &untold);
	ServerNeeds least = server_needs("/i/x/data", "", &untold);
	char *text = instance_config_main(&config, &needs);

	(void) state;
	assert_null(strstr(text, "max_active_replication_origins"));
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
	{
		if (strstr(text, wanted[i]) == NULL)
			fail_msg("missing: %s", wanted[i]);
	}
	free(text);

	/* a path too long for a socket: none */
	config.directory = "/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/x";
	text = instance_config_main(&config, &least);
	assert_non_null(strstr(text, "\nunix_socket_directories = ''\n"));
	assert_non_null(strstr(text, "\nmax_prepared_transactions = 200\n"));
	assert_non_null(strstr(text, "\ntrack_commit_timestamp = off\n"));
	assert_null(strstr(text, "\nfsync"));
	free(text);

	/* what is thrown away soon need not be durable, and does nothing by itself */
	config.scratch = true;
	config.preload = "one,two";
	text = instance_config_main(&config, &needs);
	assert_non_null(strstr(text, "\nshared_preload_libraries = 'one,two'\n"));
	assert_non_null(strstr(text, "\nfsync = off\n"));
	assert_non_null(strstr(text, "\nautovacuum = off\n"));
	free(text);
}

/* Of the checkpoint, of the primary's word, and of neither: the most counts. */
static void
test_settings_suffice(void **state)
{
	char *path = directory();
	PrimarySettings told = {.max_connections = 5000, .max_prepared_transactions = 5};
	ServerNeeds needs = server_needs(path, controldata, &told);

	(void) state;
	assert_int_equal(needs.connections, 5000);
	assert_int_equal(needs.prepared_transactions, 700);
	assert_int_equal(needs.worker_processes, 30);
	assert_false(needs.knows_origins);

	/* all the locks that there were, although there are no WAL senders */
	needs = server_needs(path, controldata, &untold);
	assert_true(needs.locks_per_transaction * (700 + 30 + 700) >= 512 * (700 + 30 + 700 + 50));

	/* a primary cannot have all the memory */
	told = (PrimarySettings){.max_locks_per_transaction = INT32_MAX, .max_connections = 262143};
	needs = server_needs(path, "", &told);
	assert_true(needs.locks_per_transaction * 262143 < INT64_C(1) << 34);

	/* as many origins as the last checkpoint has, twice */
	put(path, "pg_logical/replorigin_checkpoint", "");
	{
		char *file = mem_printf("%s/pg_logical/replorigin_checkpoint", path);

		assert_int_equal(truncate(file, 8 + 16 * 3000), 0);
		free(file);
	}
	needs = server_needs(path, "pg_control version number:            1800\n", &untold);
	assert_int_equal(needs.origins, 6000);
	assert_true(needs.knows_origins);
	directory_remove(path);
	free(path);
}

static void
test_nothing_is_taken_over(void **state)
{
	ServerConfig config = {.name = "x", .listen = "127.0.0.1", .port = 5555};
	ServerNeeds needs = server_needs("", "", &untold);
	RecoveryTarget none = {0};
	char *path = directory();
	char *file;
	char *text;

	(void) state;
	config.directory = path;
	put(path, "data/postgresql.auto.conf",
		"archive_command = 'cp %p /production/%f'\n"
		"restore_command = 'cp barman_wal/%f %p'\nrecovery_end_command = 'rm -fr barman_wal'\n");
	put(path, "data/postgresql.conf", "shared_preload_libraries = 'pg_cron'\n");
	assert_int_equal(instance_config_write(&config, &needs, &none), 0);

	file = mem_printf("%s/data/postgresql.auto.conf", path);
	text = files_read(file);
	assert_null(strstr(text, "production"));
	assert_null(strstr(text, "barman_wal"));
	assert_null(strstr(text, "recovery_end_command"));
	assert_non_null(strstr(text, "\nrestore_command = 'false'\n"));
	assert_non_null(strstr(text, "\nrecovery_target_timeline = 'latest'\n"));
	assert_null(strstr(text, "\nrecovery_target ="));
	free(text);
	free(file);

	/* by hand the same server is started */
	file = mem_printf("%s/data/postgresql.conf", path);
	text = files_read(file);
	assert_null(strstr(text, "pg_cron"));
	assert_non_null(strstr(text, "\ninclude '"));
	free(text);
	free(file);
	directory_remove(path);
	free(path);
}

static void
test_own_target(void **state)
{
	RecoveryTarget name = {.name = "it's a \\ name"};
	RecoveryTarget time = {.time = "2026-11-22T06:10:22.423819Z"};
	RecoveryTarget immediate = {.immediate = true};
	RecoveryTarget timeline = {.lsn = "0/3000060", .timeline = 3};
	char *text;

	(void) state;
	text = instance_config_recovery(&name);
	assert_non_null(strstr(text, "\nrecovery_target_name = 'it''s a \\\\ name'\n"));
	assert_non_null(strstr(text, "\nrecovery_target_action = 'promote'\n"));
	free(text);
	text = instance_config_recovery(&time);
	assert_non_null(strstr(text, "\nrecovery_target_time = '2026-11-22 06:10:22.423819+00'\n"));
	free(text);
	text = instance_config_recovery(&immediate);
	assert_non_null(strstr(text, "\nrecovery_target = 'immediate'\n"));
	assert_non_null(strstr(text, "\nrecovery_target_timeline = 'latest'\n"));
	free(text);
	text = instance_config_recovery(&timeline);
	assert_non_null(strstr(text, "\nrecovery_target_lsn = '0/3000060'\n"));
	assert_non_null(strstr(text, "\nrecovery_target_timeline = '3'\n"));
	assert_null(strstr(text, "latest"));
	free(text);
}

/* What Barman 3.11 to 3.14 leave out of a combined incremental */
static void
test_mend(void **state)
{
	char *path = directory();
	char *pg_wal = mem_printf("%s/data/pg_wal", path);
	struct stat status;

	(void) state;
	put(path, "data/PG_VERSION", "17\n");
	put(path, "data/global/pg_control", "");
	put(path, "data/base/1/1", "");
	put(path, "data/standby.signal", "");
	put(path, "data/postmaster.pid", "1\n");
	put(path, "staging/left", "");
	put(path, "data/recovery.conf/deep", "");
	put(path, "data/tablespace_map", "16384 /\n");
	put(path, "data/postgresql.auto.conf", "production's");
	put(path, "data/barman_wal/000000010000000000000002", "");
	put(path, "data/barman_wal/00000002.history", "");
	put(path, "data/barman_wal/evil", "");
	assert_null(instance_mend(path, 17));
	assert_true(there(path, "data/pg_tblspc"));
	assert_int_equal(stat(pg_wal, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_false(there(path, "data/standby.signal"));
	assert_false(there(path, "data/postmaster.pid"));
	assert_false(there(path, "staging"));
	assert_false(there(path, "data/recovery.conf"));
	assert_false(there(path, "data/tablespace_map"));

	/* the WAL where it is found without a command, the settings where they are not */
	assert_true(there(path, "data/pg_wal/000000010000000000000002"));
	assert_true(there(path, "data/pg_wal/00000002.history"));
	assert_false(there(path, "data/pg_wal/evil"));
	assert_false(there(path, "data/barman_wal"));
	assert_false(there(path, "data/postgresql.auto.conf"));
	assert_true(there(path, "production/postgresql.auto.conf"));

	/* nothing to mend the second time */
	put(path, "data/pg_wal/000000010000000000000001", "");
	assert_null(instance_mend(path, 17));
	assert_true(there(path, "data/pg_wal/000000010000000000000001"));
	assert_int_equal(directory_remove(path), 0);
	free(pg_wal);
	free(path);
}

static void
test_mend_refuses(void **state)
{
	char *path = directory();
	char *words = instance_mend(path, 17);

	(void) state;
	assert_non_null(strstr(words, "PG_VERSION"));
	free(words);

	put(path, "data/PG_VERSION", "9.6\n");
	put(path, "data/global/pg_control", "");
	put(path, "data/base/1/1", "");
	words = instance_mend(path, 17);
	assert_non_null(strstr(words, "9.6"));
	free(words);
	directory_remove(path);
	free(path);
}

/* The primary decides what Barman copies: nothing of it may lead elsewhere. */
static void
test_mend_finds_links(void **state)
{
	static const char *const names[] = {
		"data/pg_wal",	 "data/barman_wal",		 "data/postgresql.conf",
		"data/base/1/1", "data/pg_tblspc/16384", "tablespaces/1",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		char *path = directory();
		char *theirs = directory();
		char *link = mem_printf("%s/%s", path, names[i]);
		char *words;

		put(path, "data/PG_VERSION", "17\n");
		put(path, "data/global/pg_control", "");
		put(path, "data/base/1/2", "");
		put(path, "data/pg_tblspc/x", "");
		put(path, "tablespaces/2", "");
		put(theirs, "file", "theirs");
		assert_int_equal(symlink(theirs, link), 0);
		words = instance_check(path);
		assert_non_null(words);
		assert_non_null(strstr(words, names[i]));
		free(words);
		assert_true(there(theirs, "file"));
		directory_remove(path);
		directory_remove(theirs);
		free(link);
		free(theirs);
		free(path);
	}

	/* the links that Barman was told to make */
	{
		char *path = directory();
		char *link = mem_printf("%s/data/pg_tblspc/16384", path);
		char *target = mem_printf("%s/tablespaces/1", path);

		put(path, "data/PG_VERSION", "17\n");
		put(path, "data/global/pg_control", "");
		put(path, "data/base/1/2", "");
		put(path, "data/pg_tblspc/x", "");
		put(path, "tablespaces/1/x", "");
		assert_int_equal(symlink(target, link), 0);
		assert_null(instance_check(path));
		assert_null(instance_mend(path, 17));
		directory_remove(path);
		free(target);
		free(link);
		free(path);
	}
}

/* Holes free nothing, and a name a part; sums do not overflow. */
static void
test_counts_what_is_freed(void **state)
{
	char *path = directory();
	char *elsewhere = directory();
	char *names[] = {mem_printf("%s/hole", path), mem_printf("%s/hole2", path),
					 mem_printf("%s/many", path), mem_printf("%s/many", elsewhere)};
	FilesSize size;

	(void) state;
	put(path, "hole", "");
	put(path, "hole2", "");
	put(path, "many", "0123456789");
	assert_int_equal(link(names[2], names[3]), 0);
	assert_int_equal(truncate(names[0], (off_t) 1 << 43), 0);
	size = directory_size(path);
	assert_int_equal(size.bytes, ((int64_t) 1 << 43) + 10);
	assert_int_equal(size.freed, 5);

	/* where the file system has such files */
	if (truncate(names[0], INT64_MAX) == 0 && truncate(names[1], INT64_MAX) == 0)
		assert_int_equal(directory_size(path).bytes, INT64_MAX);
	assert_int_equal(directory_size(path).freed, 5);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		free(names[i]);
	directory_remove(path);
	directory_remove(elsewhere);
	free(path);
	free(elsewhere);
}

static void
test_remove_follows_no_link(void **state)
{
	char *ours = directory();
	char *theirs = directory();
	char *link = mem_printf("%s/link", ours);
	char *data = mem_printf("%s/data", ours);

	(void) state;
	put(theirs, "file", "theirs");
	put(ours, "data/deep/er/file", "0123456789");
	assert_int_equal(symlink(theirs, link), 0);
	assert_int_equal(directory_size(data).bytes, 10);
	assert_int_equal(directory_size(ours).bytes, 10);
	assert_int_equal(directory_remove(ours), 0);
	assert_int_equal(access(ours, F_OK), -1);
	assert_true(there(theirs, "file"));
	assert_int_equal(directory_remove(theirs), 0);
	assert_int_equal(directory_remove(theirs), 0); /* gone already */
	free(ours);
	free(theirs);
	free(link);
	free(data);
}

static void
test_make_is_a_claim(void **state)
{
	char *parent = directory();
	char *path = mem_printf("%s/x", parent);

	(void) state;
	assert_int_equal(instance_files_make(path), 0);
	assert_true(there(path, "socket"));
	assert_false(there(path, "data"));
	assert_int_equal(instance_files_make(path), EEXIST);
	directory_remove(parent);
	free(parent);
	free(path);
}

/* What we read of a restored server's directory is a file there, and nothing else. */
static void
test_follows_no_link_of_a_server(void **state)
{
	char *root = directory();
	char *secret = mem_printf("%s/secret", root);
	char *log = mem_printf("%s/x/" INSTANCE_LOG, root);
	char *below = mem_printf("%s/x/data/postmaster.pid", root);
	char *data = mem_printf("%s/x/data", root);
	char *fifo = mem_printf("%s/x/fifo", root);
	char *config = mem_printf("%s/x/" INSTANCE_CONFIG, root);
	char *fresh = mem_printf("%s.new", config);
	char *instance = mem_printf("%s/x", root);
	char *text;

	(void) state;
	assert_int_equal(mkdir(instance, 0700), 0);
	put(root, "secret", "token");
	put(root, "postmaster.pid", "token");
	assert_int_equal(symlink(secret, log), 0);
	assert_int_equal(symlink(root, data), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	text = files_tail(log, 100);
	assert_string_equal(text, "");
	free(text);
	assert_null(files_read(log));
	assert_null(files_read(below));
	assert_null(files_read(fifo));

	/* nor is anything written through one */
	assert_int_equal(symlink(secret, fresh), 0);
	assert_int_equal(files_write(config, "mine"), 0);
	text = files_read(secret);
	assert_string_equal(text, "token");
	free(text);
	text = files_read(config);
	assert_string_equal(text, "mine");
	free(text);
	assert_int_equal(directory_remove(root), 0);
	free(instance);
	free(fresh);
	free(config);
	free(fifo);
	free(data);
	free(below);
	free(log);
	free(secret);
	free(root);
}

static void
test_removes_what_is_closed(void **state)
{
	char *root = directory();
	char *closed = mem_printf("%s/closed", root);

	(void) state;
	assert_int_equal(mkdir(closed, 0700), 0);
	put(closed, "file", "x");
	assert_int_equal(chmod(closed, 0), 0);
	assert_int_equal(directory_remove(root), 0);
	assert_int_not_equal(access(root, F_OK), 0);
	free(closed);
	free(root);
}

/* As deep as a restored server may nest them, and closed where it hurts */
static void
test_removes_what_is_deep(void **state)
{
	const int depth = 4000;
	const struct rlimit few = {.rlim_cur = 64, .rlim_max = 64};
	const struct rlimit small = {.rlim_cur = 256 * 1024, .rlim_max = 256 * 1024};
	char *root = directory();
	char *base = mem_printf("%s/x", root);
	int fd;
	pid_t child;
	int status;

	(void) state;
	assert_int_equal(mkdir(base, 0700), 0);
	put(root, ".removing.0/file", "x");
	put(root, ".removing.1", "x");
	fd = open(base, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < depth; i++)
	{
		int below;

		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		assert_true(i % 1000 != 0 || symlinkat("/etc", fd, "link") == 0);
		below = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		assert_true(below >= 0);
		/* open to look at and no more, or not even that */
		assert_int_equal(fchmod(fd, i % 1000 == 31 ? 0500 : i % 1000 == 500 ? 0 : 0700), 0);
		close(fd);
		fd = below;
	}
	close(fd);

	/* with few descriptors and a small stack, and as little readable as the sidecar */
	child = fork();
	if (child == 0)
	{
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		setrlimit(RLIMIT_NOFILE, &few);
		setrlimit(RLIMIT_STACK, &small);
		_exit(directory_size(root).files < 3 ? 255 : directory_remove(root));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_not_equal(access(root, F_OK), 0);
	free(base);
	free(root);
}

static int swarm_file;
/* A test that fails must not leave it behind for ever. */
static int64_t swarm_until;

/* What is not reaped at once must not be as much as Barman's user may have: others run as it. */
#define HOP_MICROSECONDS 20000

/* In a thread of a process whose first thread has ended: a byte, and on to the next process */
static void *
hop(void *unused)
{
	pthread_t thread;

	(void) unused;
	if (write(swarm_file, ".", 1) != 1 || monotonic_ms() > swarm_until)
		_exit(1);
	setsid();
	usleep(HOP_MICROSECONDS);
	if (fork() != 0)
		_exit(0);
	if (pthread_create(&thread, NULL, hop, NULL) != 0)
		_exit(1);
	pthread_exit(NULL);
}

/* Ten processes at a time, none of which is there for long: a byte for each that was */
static int
run_swarm(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	swarm_file = fd;
	swarm_until = monotonic_ms() + PATIENCE_MS;
	for (int i = 0; i < 10; i++)
	{
		if (fork() != 0)
			continue;
		if (i % 2 == 1)
			hop(NULL);
		for (;;)
		{
			if (write(fd, ".", 1) != 1 || monotonic_ms() > swarm_until)
				_exit(1);
			setsid();
			usleep(HOP_MICROSECONDS);
			if (fork() > 0)
				_exit(0);
		}
	}
	return 0;
}

static void
copy_this_program(const char *directory_to)
{
	char *to = mem_printf("%s/swarm", directory_to);
	char buffer[65536];
	int from_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to_fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n;

	assert_true(from_fd >= 0 && to_fd >= 0);
	while ((n = read(from_fd, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(to_fd, buffer, (size_t) n), n);
	close(from_fd);
	close(to_fd);
	free(to);
}

static int64_t
file_size(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_size : -1;
}

/* Nothing of the swarm is left, or it would write. */
static void
assert_quiet(const char *path)
{
	int64_t size = file_size(path);
	int64_t until = monotonic_ms() + 300;

	while (monotonic_ms() < until)
		assert_int_equal(file_size(path), size);
}

/* Also what has left its session and its parent, whether the server is ended or dies */
static void
test_ends_with_all_its_processes(void **state)
{
	static const char server[] = "#!/bin/sh\n"
								 "setsid sh -c '(while :; do echo $$ > '$2'/alive; sleep 0.05; done) & echo $! > '$2'/daemon' &\n"
								 "[ ! -e $2/swarm ] || ${0%/postgres}/swarm " SWARM " $2/swarm &\n"
								 "echo $$ > $2/server\n"
								 "trap 'exit 2' QUIT\n"
								 "while :; do sleep 0.05; done\n";
	char *root = directory();
	char *bin = mem_printf("%s/bin", root);
	char *instance = mem_printf("%s/i", root);
	char *daemon = mem_printf("%s/data/daemon", instance);
	char *postgres = mem_printf("%s/postgres", bin);
	char *first = mem_printf("%s/data/server", instance);
	Cage cage = {.directory = instance, .bindir = bin, .port = 5555};

	(void) state;
	for (int how = 0; how < 5; how++)
	{
		CageHold held;
		ServerProcess process;
		pid_t pids[2] = {0, 0};
		char *swarm = mem_printf("%s/data/swarm", instance);
		int64_t until = monotonic_ms() + PATIENCE_MS;

		assert_int_equal(instance_files_make(instance), 0);
		put(instance, "data/PG_VERSION", "15\n");
		put(root, "bin/postgres", server);
		assert_int_equal(chmod(postgres, 0755), 0);
		if (how >= 3)
		{
			put(instance, "data/swarm", "");
			copy_this_program(bin);
		}
		assert_int_equal(server_start(&cage, &held, &process), 0);
		while ((pids[0] <= 1 || pids[1] <= 1) && monotonic_ms() < until)
		{
			char *text = files_read(daemon);
			char *other = files_read(first);

			pids[0] = text != NULL ? atoi(text) : 0;
			pids[1] = other != NULL ? atoi(other) : 0;
			free(text);
			free(other);
		}
		assert_true(pids[0] > 1 && pids[1] > 1);
		while (how >= 3 && file_size(swarm) < SWARM_BYTES)
			assert_true(monotonic_ms() < until);

		/* asked, dead before, frozen, with what runs away from whoever looks for it, and then with a frozen keeper */
		if (how == 1)
			kill(pids[1], SIGKILL);
		if (how == 2)
			kill(pids[1], SIGSTOP);
		/* soon after, before what it does not reap is as much as its user may have */
		if (how == 4)
			kill(process.pid, SIGSTOP);
		assert_true(server_end(&process, how == 2 ? 200 : how == 4 ? 10 : 15000));
		assert_int_equal(process_start_time(pids[0]), 0);
		assert_int_equal(process_start_time(pids[1]), 0);
		assert_int_equal(server_look(instance, &process), SERVER_GONE);
		if (how >= 3)
			assert_quiet(swarm);
		assert_int_equal(directory_remove(instance), 0);
		free(swarm);
	}
	assert_int_equal(directory_remove(root), 0);
	free(first);
	free(postgres);
	free(daemon);
	free(instance);
	free(bin);
	free(root);
}

/* The backup, the WAL to replay in whole segments, and room to work */
static void
test_needs(void **state)
{
	const int64_t segment = 16 * 1024 * 1024;
	const int64_t work = segment + 2 * segment;
	json_t *backup = json_pack("{s:I, s:s, s:s, s:I, s:i}", "size", (json_int_t) 1000, "begin_lsn",
							   "0/2000028", "end_lsn", "0/2000100", "segment_size",
							   (json_int_t) segment, "timeline", 1);
	const RecoveryTarget immediate = {.immediate = true};
	const RecoveryTarget position = {.lsn = "0/5000060"};
	RestoreNeeds needs = restore_needs(backup, &immediate, "nobody");

	(void) state;
	assert_int_equal(needs.backup, 1000);
	assert_int_equal(needs.unpacking, 0);
	assert_int_equal(needs.wal, segment);
	assert_int_equal(restore_needs_sum(&needs), 1000 + segment + work);

	/* segments 2 to 5, and the one behind */
	needs = restore_needs(backup, &position, "nobody");
	assert_int_equal(needs.wal, 5 * segment);

	/* what a combined backup has is more than what it adds to its parent */
	json_object_set_new(backup, "cluster_size", json_integer(5000));
	json_object_set_new(backup, "compression", json_string("gzip"));
	needs = restore_needs(backup, &position, "nobody");
	assert_int_equal(needs.backup, 5000);
	assert_int_equal(needs.unpacking, 1000);
	json_decref(backup);
}

/* A view pg_settings of the primary's, and backup.info, may say anything. */
static void
test_needs_of_a_liar(void **state)
{
	static const json_int_t sizes[] = {
		INT64_C(8589934592),
		1,
		3,
		16 * 1024 * 1024 + 1,
		24 * 1024 * 1024,
		512 * 1024,
		INT64_C(2147483648),
		-1,
		0,
		INT64_MAX,
		INT64_MIN,
	};
	json_t *backup = json_pack("{s:I, s:I, s:s, s:I, s:s}", "size", (json_int_t) INT64_MAX,
							   "cluster_size", (json_int_t) INT64_MAX, "compression", "gzip",
							   "wal_size", (json_int_t) INT64_MAX, "backup_id", "x");
	const RecoveryTarget far = {.lsn = "FFFFFFFF/FFFFFFFF"};
	RestoreNeeds needs;
	char *words;

	(void) state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		json_object_set_new(backup, "segment_size", json_integer(sizes[i]));
		assert_int_equal(restore_segment_size(backup), 16 * 1024 * 1024);
		words = restore_segment_size_is_bad(backup);
		assert_non_null(words);
		free(words);
		needs = restore_needs(backup, &far, "nobody");
		assert_int_equal(restore_needs_sum(&needs), INT64_MAX);
	}
	for (json_int_t size = 1024 * 1024; size <= 1024 * 1024 * 1024; size *= 2)
	{
		json_object_set_new(backup, "segment_size", json_integer(size));
		assert_int_equal(restore_segment_size(backup), size);
		assert_null(restore_segment_size_is_bad(backup));
	}
	json_object_set_new(backup, "segment_size", json_null());
	assert_null(restore_segment_size_is_bad(backup));

	/* nothing is won by what is negative, nor by a position at the very end */
	json_object_set_new(backup, "cluster_size", json_integer(INT64_MIN));
	json_object_set_new(backup, "size", json_integer(-1000));
	json_object_set_new(backup, "wal_size", json_integer(INT64_MIN));
	needs = restore_needs(backup, &far, "nobody");
	assert_int_equal(needs.backup, 0);
	assert_int_equal(needs.unpacking, 0);
	assert_int_equal(needs.wal, 0);
	json_object_set_new(backup, "begin_lsn", json_string("0/2000028"));
	needs = restore_needs(backup, &far, "nobody");
	assert_int_equal(needs.wal, INT64_MAX);
	json_decref(backup);
}

static void
test_tail(void **state)
{
	char *path = directory();
	char *file = mem_printf("%s/log", path);
	char *text;

	(void) state;
	text = files_tail(file, 10);
	assert_string_equal(text, "");
	free(text);
	put(path, "log", "first line\nsecond\nthird\n\n");
	text = files_tail(file, 1000);
	assert_string_equal(text, "first line\nsecond\nthird");
	free(text);
	text = files_tail(file, 18);
	assert_string_equal(text, "second\nthird");
	free(text);
	directory_remove(path);
	free(file);
	free(path);
}

static void
test_recovery(void **state)
{
	char *path = directory();
	Recovery recovery = {0};

	(void) state;
	put(path, "data/pg_wal/00000002.history", "1\t0/3000000\tno recovery target specified\n");
	put(path, "data/pg_wal/0000000B.history",
		"1\t0/3000000\tno recovery target specified\n\n2\t1/50027D0\tat restore point \"x\"\n");
	put(path, "data/pg_wal/0000000C.history.new", "9\t9/9\tno\n");
	put(path, "data/pg_wal/00000002000000000000000C", "");
	put(path, "server.log",
		"LOG:  redo done at 0/6000278 system usage\n"
		"LOG:  last completed transaction was at log time 2026-11-22 08:41:11.5+00\n"
		"LOG:  last completed transaction was at log time 2026-11-22 08:41:11.647025+00\n"
		"LOG:  database system is ready to accept connections\n");
	recovery_read(path, "2026-01-01T00:00:00Z", &recovery);
	assert_int_equal(recovery.timeline, 11);
	assert_int_equal(recovery.parent, 2);
	assert_string_equal(recovery.lsn, "1/50027D0");
	assert_string_equal(recovery.time, "2026-11-22T08:41:11.647025Z");
	free(recovery.lsn);
	free(recovery.time);

	/* no transaction was replayed */
	memset(&recovery, 0, sizeof(recovery));
	put(path, "server.log", "LOG:  redo is not required\n");
	recovery_read(path, "2026-01-01T00:00:00Z", &recovery);
	assert_string_equal(recovery.time, "2026-01-01T00:00:00Z");
	free(recovery.lsn);
	free(recovery.time);
	directory_remove(path);
	free(path);
}

static char *
directory(void)
{
	char *path = mem_strdup("/tmp/test_instance.XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

/* Write a file, making the directories to it. */
static void
put(const char *directory, const char *name, const char *text)
{
	char *path = mem_printf("%s/%s", directory, name);

	for (char *slash = path + strlen(directory) + 1; (slash = strchr(slash, '/')) != NULL; slash++)
	{
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	assert_int_equal(files_write(path, text), 0);
	free(path);
}

static bool
there(const char *directory, const char *name)
{
	char *path = mem_printf("%s/%s", directory, name);
	bool exists = access(path, F_OK) == 0;

	free(path);
	return exists;
}
