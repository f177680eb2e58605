/*
 * backup_links.c
 *
 * Checks the files of a backup before Barman copies them.  Barman follows
 * links, so no link may lead out of the backup: otherwise the primary could
 * read the files of Barman's host.
 */
#include "restore/backup_links.h"

#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/read_cache.h"
#include "base/memory.h"
#include "restore/data_directory.h"
#include "restore/failure_cause.h"
#include "restore/hold_backup.h"
#include "restore/instance_files.h"

static char *look_at_backup(const char *base, const json_t *backup);
static bool is_known_tablespace(const char *name, const char *target, void *arg);

bool
restore_source_is_sound(Restore *restore)
{
	const char *server = job_server(restore->job);
	json_t *chain;
	json_t *backup;
	size_t i;
	char *base;

	(void) reads_learn_directories(server);
	base = catalogue_directory(server, "base");
	if (base == NULL)
		return restore_fail(restore, "unavailable",
							"Barman does not tell where this server's files are, so they cannot be looked through before they are copied.",
							"Try again; if it stays so, look at what \"barman show-servers\" says.",
							"the files of backup %s could not be looked at",
							json_text_of(restore->backup, "backup_id"));
	chain = restore_chain(restore);
	json_array_foreach (chain, i, backup)
	{
		char *words = look_at_backup(base, backup);

		if (words != NULL)
			restore_fail(restore, BARMAN_WRONG_STATE, words,
						 "Find out who put it there: Barman would copy what it leads to.",
						 "backup %s holds what no backup of PostgreSQL holds",
						 json_text_of(backup, "backup_id"));
		free(words);
		if (restore->error != NULL)
			break;
	}
	json_decref(chain);
	free(base);
	return restore->error == NULL;
}

static char *
look_at_backup(const char *base, const json_t *backup)
{
	char *directory = mem_printf("%s/%s", base, json_text_of(backup, "backup_id"));
	char *words = instance_find_foreign(directory, is_known_tablespace,
										json_object_get(backup, "tablespaces"));

	free(directory);
	return words;
}

/* Barman makes these links itself, and does not follow the copied ones. */
static bool
is_known_tablespace(const char *name, const char *target, void *arg)
{
	static const char below[] = INSTANCE_DATA "/pg_tblspc/";
	json_t *one;
	size_t i;

	(void) target;
	if (strncmp(name, below, strlen(below)) != 0)
		return false;
	json_array_foreach ((json_t *) arg, i, one)
	{
		char *oid = mem_printf("%lld", (long long) json_integer_value(json_object_get(one, "oid")));
		bool same = strcmp(name + strlen(below), oid) == 0;

		free(oid);
		if (same)
			return true;
	}
	return false;
}
