/*
 * test_backup_memory.c
 *
 * A finished backup is known without asking Barman, until Barman writes its
 * description again.
 */
#include "barman_json_fixture.h"

#include "barman/backup_chain.h"
#include "barman/backup_memory.h"
#include "barman/catalogue.h"
#include "base/directory.h"
#include "base/memory.h"
#include "jobs/table.h"
#include "restore/backup_links.h"
#include "restore/running_restore.h"

#define NEWER "20261122T061025"
#define OLDER "20261122T060946"

static char home[64];

static void
write_info(const char *path, const char *text)
{
	char *command = mem_printf("mkdir -p $(dirname %s/%s) && echo %s > %s/%s", home, path, text,
							   home, path);

	assert_int_equal(system(command), 0);
	free(command);
}

static int
set_up(void **state)
{
	json_t *directories;
	char *base;

	(void) state;
	strcpy(home, "/tmp/sidecar-memory-XXXXXX");
	assert_non_null(mkdtemp(home));
	base = mem_printf("%s/base", home);
	directories = json_pack("{s:s}", "base", base);
	catalogue_learn("pg", directories, catalogue_configuration());
	json_decref(directories);
	free(base);
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	backup_memory_forget_all();
	catalogue_forget_all();
	return directory_remove(home);
}

/* Two backups of a real diagnosis, listed with these states */
static void
keep(const char *newer, const char *older)
{
	json_t *seen = catalogue_backup_ids("pg");
	json_t *diagnosis = json_loads("{\"global\":{},\"servers\":{\"pg\":{\"backups\":{"
								   "\"" NEWER
								   "\":{\"timeline\":2,\"end_xlog\":\"0/4000000\",\"xlog_segment_size\":1048576,"
								   "\"tablespaces\":[[\"fast\",16384,\"/srv/fast\"]]},"
								   "\"" OLDER
								   "\":{\"timeline\":1,\"end_xlog\":\"0/2000000\",\"tablespaces\":null}}}}}",
								   0, NULL);
	json_t *list = json_pack("[{s:s,s:s,s:n},{s:s,s:s}]", "backup_id", NEWER, "status", newer,
							 "name", "backup_id", OLDER, "status", older);

	backup_memory_keep("pg", list, diagnosis, seen);
	json_decref(list);
	json_decref(diagnosis);
	json_decref(seen);
}

static void
known_backups_are_listed_newest_first(void **state)
{
	json_t *list;
	json_t *newer;

	(void) state;
	assert_null(backup_memory_list("pg"));
	write_info("base/" NEWER "/backup.info", "1");
	write_info("base/" OLDER "/backup.info", "1");
	assert_null(backup_memory_list("pg"));
	keep("DONE", "FAILED");
	list = backup_memory_list("pg");
	assert_int_equal(json_array_size(list), 2);
	newer = json_array_get(list, 0);
	assert_string_equal(json_text_of(newer, "backup_id"), NEWER);
	assert_string_equal(json_text_of(newer, "end_lsn"), "0/4000000");
	assert_int_equal(json_integer_value(json_object_get(newer, "timeline")), 2);
	assert_int_equal(json_integer_value(json_object_get(newer, "segment_size")), 1048576);
	assert_string_equal(json_text_of(json_array_get(json_object_get(newer, "tablespaces"), 0), "name"),
						"fast");
	assert_int_equal(json_array_size(json_object_get(json_array_get(list, 1), "tablespaces")), 0);
	json_decref(list);
}

static void
a_description_that_changed_is_not_known(void **state)
{
	json_t *backup;

	(void) state;
	write_info("base/" NEWER "/backup.info", "1");
	write_info("base/" OLDER "/backup.info", "1");
	keep("DONE", "DONE");
	write_info("base/" NEWER "/backup.info", "22");
	assert_null(backup_memory_list("pg"));
	assert_null(backup_memory_find("pg", NEWER));
	backup = backup_memory_find("pg", OLDER);
	assert_non_null(backup);
	json_decref(backup);

	/* where Barman keeps it since 3.13.2 */
	write_info("meta/" OLDER "-backup.info", "1");
	assert_null(backup_memory_find("pg", OLDER));
}

static void
a_backup_that_runs_is_not_known(void **state)
{
	(void) state;
	write_info("base/" NEWER "/backup.info", "1");
	write_info("base/" OLDER "/backup.info", "1");
	keep("STARTED", "DONE");
	assert_null(backup_memory_find("pg", NEWER));
	assert_null(backup_memory_list("pg"));
}

/* The list says so later, and diagnose is not asked again. */
static void
what_waited_for_wal_is_known_when_done(void **state)
{
	json_t *list = json_pack("[{s:s,s:s,s:n}]", "backup_id", NEWER, "status", "DONE", "timeline");
	json_t *seen;
	json_t *backup;

	(void) state;
	write_info("base/" NEWER "/backup.info", "1");
	keep("WAITING_FOR_WALS", "DONE");
	write_info("base/" NEWER "/backup.info", "22");
	seen = catalogue_backup_ids("pg");
	assert_true(backup_memory_recall("pg", list));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "timeline")), 2);
	backup_memory_keep("pg", list, NULL, seen);
	backup = backup_memory_find("pg", NEWER);
	assert_string_equal(json_text_of(backup, "status"), "DONE");
	assert_string_equal(json_text_of(backup, "end_lsn"), "0/4000000");
	json_decref(backup);
	json_decref(seen);
	json_decref(list);
}

/* The archive by its names alone: a history may be compressed. */
static void
the_archive_tells_its_timelines(void **state)
{
	char *wals = mem_printf("%s/wals", home);
	json_t *directories = json_pack("{s:s}", "wals", wals);
	char *newest;

	(void) state;
	catalogue_learn("pg", directories, catalogue_configuration());
	assert_int_equal(catalogue_newest_history("pg"), 0);
	assert_null(catalogue_newest_wal("pg", 1));
	write_info("wals/0000000100000000/0000000100000000000000FE", "1");
	write_info("wals/0000000100000001/000000010000000100000002", "1");
	write_info("wals/0000000100000001/000000010000000100000002.00000028.backup", "1");
	write_info("wals/0000000A00000000/0000000A00000000000000FF", "1");
	write_info("wals/0000000A.history", "1");
	write_info("wals/00000002.history", "1");
	assert_int_equal(catalogue_newest_history("pg"), 10);
	newest = catalogue_newest_wal("pg", 1);
	assert_string_equal(newest, "000000010000000100000002");
	free(newest);
	newest = catalogue_newest_wal("pg", 10);
	assert_string_equal(newest, "0000000A00000000000000FF");
	free(newest);
	assert_null(catalogue_newest_wal("pg", 2));
	json_decref(directories);
	free(wals);
}

/* Whoever looks at all that a backup is made of must not miss one. */
static void
a_chain_is_known_as_a_whole_or_not(void **state)
{
	static const char
		record[] = "'backup_label=None\nstatus=DONE\nmode=postgres\ntimeline=1\nparent_backup_id=%s\ntablespaces=None'";
	json_t *newest = json_pack("{s:s, s:s, s:s}", "backup_id", "20261122T061030", "type",
							   "incremental", "parent_id", NEWER);
	char *text;
	char *unknown;
	json_t *chain = backup_chain("pg", newest, &unknown);

	(void) state;
	assert_null(chain);
	assert_non_null(strstr(unknown, NEWER));
	free(unknown);

	/* by Barman's records, as far as there are any */
	text = mem_printf(record, OLDER);
	write_info("base/" NEWER "/backup.info", text);
	free(text);
	assert_null(backup_chain("pg", newest, &unknown));
	assert_non_null(strstr(unknown, OLDER));
	free(unknown);
	text = mem_printf(record, "None");
	write_info("base/" OLDER "/backup.info", text);
	free(text);
	chain = backup_chain("pg", newest, &unknown);
	assert_null(unknown);
	assert_int_equal(json_array_size(chain), 3);
	assert_string_equal(json_text_of(json_array_get(chain, 2), "backup_id"), OLDER);
	json_decref(chain);

	/* nor is a circle a chain */
	text = mem_printf(record, NEWER);
	write_info("base/" OLDER "/backup.info", text);
	free(text);
	assert_null(backup_chain("pg", newest, &unknown));
	free(unknown);

	/* a full one needs none; one that builds on nobody knows what is not whole */
	json_object_set_new(newest, "parent_id", json_null());
	assert_null(backup_chain("pg", newest, &unknown));
	free(unknown);
	json_object_set_new(newest, "type", json_string("full"));
	chain = backup_chain("pg", newest, &unknown);
	assert_int_equal(json_array_size(chain), 1);
	json_decref(chain);
	json_decref(newest);
}

static void
what_cannot_be_looked_at_is_not_copied(void **state)
{
	json_t *directories = json_pack("{s:n}", "base");
	Job job = {.server = mem_strdup("other")};
	Restore restore = {.job = &job};

	(void) state;
	/* Barman has told of the server, but not where its backups are */
	catalogue_learn("other", directories, catalogue_configuration());
	restore.backup = json_pack("{s:s, s:s}", "backup_id", OLDER, "type", "full");
	assert_false(restore_source_is_sound(&restore));
	assert_string_equal(json_text_of(restore.error, "code"), "unavailable");
	json_decref(restore.error);
	restore.error = NULL;

	/* nor are files that are not where they should be */
	free(job.server);
	job.server = mem_strdup("pg");
	assert_false(restore_source_is_sound(&restore));
	json_decref(restore.error);
	restore.error = NULL;
	write_info("base/" OLDER "/data/PG_VERSION", "15");
	assert_true(restore_source_is_sound(&restore));
	json_decref(restore.backup);
	json_decref(directories);
	free(job.server);
}

#define MEMORY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		MEMORY_TEST(known_backups_are_listed_newest_first),
		MEMORY_TEST(a_description_that_changed_is_not_known),
		MEMORY_TEST(a_backup_that_runs_is_not_known),
		MEMORY_TEST(what_waited_for_wal_is_known_when_done),
		MEMORY_TEST(the_archive_tells_its_timelines),
		MEMORY_TEST(a_chain_is_known_as_a_whole_or_not),
		MEMORY_TEST(what_cannot_be_looked_at_is_not_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
