/*
 * backup_info.c
 *
 * Reads the backup.info files of a server's backups, which is faster than
 * Barman's diagnose.  Writes nothing, and follows no links.
 */
#include "barman/backup_info.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "barman/catalogue.h"
#include "barman/json.h"
#include "base/memory.h"
#include "base/names.h"

#define RECORD_MAX (1024 * 1024)

static json_t *record_of(const char *base, const char *id);
static char *read_record(RecordPaths paths);
static char *read_file(const char *path);

json_t *
backup_info_document(const char *server, const json_t *backups)
{
	char *base = catalogue_directory(server, "base");
	json_t *records = json_checked(json_object());
	json_t *backup;
	size_t i;
	bool all = base != NULL;

	json_array_foreach (backups, i, backup)
	{
		const char *id = json_text_of(backup, "backup_id");
		json_t *record = all && id != NULL && barman_valid_backup_id(id) ? record_of(base, id) : NULL;

		all = record != NULL;
		if (!all)
			break;
		json_object_set_new(records, id, record);
	}
	free(base);
	if (!all)
	{
		json_decref(records);
		return NULL;
	}
	return json_checked(json_pack("{s:{s:{s:o}}}", "servers", server, "backups", records));
}

json_t *
backup_info_find(const char *server, const char *id)
{
	json_t *list = json_checked(json_pack("[{s:s}]", "backup_id", id));
	json_t *records = backup_info_document(server, list);
	json_t *backup = records != NULL ? barman_diagnose_backup(records, server, id) : NULL;

	json_decref(records);
	json_decref(list);
	return backup;
}

bool
backup_info_exists(const char *server, const char *id)
{
	char *base = catalogue_directory(server, "base");
	RecordPaths paths;
	bool exists;

	if (base == NULL)
		return false;
	paths = catalogue_record_paths(base, id);
	exists = access(paths.new, F_OK) == 0 || access(paths.old, F_OK) == 0;
	catalogue_free_paths(&paths);
	free(base);
	return exists;
}

void
backup_info_add_kept(const char *server, json_t *backups)
{
	static const struct
	{
		const char *annotation;
		const char *word;
	} words[] = {{"full", "KEEP:FULL"}, {"standalone", "KEEP:STANDALONE"}};
	char *base = catalogue_directory(server, "base");
	json_t *backup;
	size_t i;

	json_array_foreach (backups, i, backup)
	{
		const char *id = json_text_of(backup, "backup_id");
		const char *told = json_text_of(backup, "retention");
		char *kept;

		if (base == NULL || id == NULL || !barman_valid_backup_id(id) ||
			(told != NULL && strcmp(told, "-") != 0))
			continue;
		kept = read_record(catalogue_keep_paths(base, id));
		for (size_t w = 0; kept != NULL && w < sizeof(words) / sizeof(words[0]); w++)
		{
			if (strcmp(kept, words[w].annotation) == 0)
				json_object_set_new(backup, "retention", json_text(words[w].word));
		}
		free(kept);
	}
	free(base);
}

static json_t *
record_of(const char *base, const char *id)
{
	char *text = read_record(catalogue_record_paths(base, id));
	json_t *record = text != NULL ? barman_parse_backup_info(text) : NULL;

	/* Python's list did not parse; diagnose prints it as JSON */
	if (json_is_string(json_object_get(record, "tablespaces")))
	{
		json_decref(record);
		record = NULL;
	}
	free(text);
	return record;
}

/* malloc'd; NULL if neither path has it.  Frees the paths. */
static char *
read_record(RecordPaths paths)
{
	char *text = read_file(paths.new);

	if (text == NULL)
		text = read_file(paths.old);
	catalogue_free_paths(&paths);
	return text;
}

static char *
read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat facts;
	char *text = NULL;
	ssize_t got = 0;

	if (fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size <= RECORD_MAX)
	{
		text = mem_alloc((size_t) facts.st_size + 1);
		got = read(fd, text, (size_t) facts.st_size);
	}
	if (fd >= 0)
		close(fd);
	if (text != NULL && got <= 0)
	{
		free(text);
		text = NULL;
	}
	return text;
}
