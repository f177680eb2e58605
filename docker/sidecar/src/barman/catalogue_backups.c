/*
 * catalogue_backups.c
 *
 * The backups of a server that have a directory, and where Barman keeps its
 * records of each: by names and stat data.  Does not read their contents.
 */
#include "barman/catalogue.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "barman/catalogue_inside.h"
#include "base/memory.h"
#include "base/names.h"

static json_t *describe(const char *base, const char *id);

json_t *
catalogue_backup_ids(const char *server)
{
	json_t *ids = json_checked(json_object());
	char *base = catalogue_directory(server, "base");
	DIR *dir = base != NULL ? opendir(base) : NULL;
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (barman_is_backup_id(entry->d_name))
			json_object_set_new(ids, entry->d_name, describe(base, entry->d_name));
	}
	if (dir != NULL)
		closedir(dir);
	free(base);
	return ids;
}

static json_t *
describe(const char *base, const char *id)
{
	RecordPaths paths = catalogue_record_paths(base, id);
	struct stat ignored;
	char text[17];

	snprintf(text, sizeof(text), "%016llx",
			 (unsigned long long) file_hash_stat(file_hash_stat(FILE_HASH_START, paths.old, &ignored),
												 paths.new, &ignored));
	catalogue_free_paths(&paths);
	return json_text(text);
}

RecordPaths
catalogue_record_paths(const char *base, const char *id)
{
	RecordPaths paths = {
		.new = mem_printf("%s/../meta/%s-backup.info", base, id),
		.old = mem_printf("%s/%s/backup.info", base, id),
	};

	return paths;
}

RecordPaths
catalogue_keep_paths(const char *base, const char *id)
{
	RecordPaths paths = {
		.new = mem_printf("%s/../meta/%s-keep", base, id),
		.old = mem_printf("%s/%s" KEEP_SUFFIX, base, id),
	};

	return paths;
}

void
catalogue_free_paths(RecordPaths *paths)
{
	free(paths->new);
	free(paths->old);
}
