/*
 * file_areas.c
 *
 * Lists the areas in which Barman keeps a server's files, and the free space of
 * their file systems.  Follows no symbolic links and reads no files.  May hang
 * with a file system (NFS), so the thread that serves requests never calls
 * this.
 */
#include "barman/file_areas.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "barman/catalogue.h"
#include "base/disk.h"
#include "base/memory.h"
#include "base/timestamp.h"

#define MAX_FILES 10000

typedef struct File
{
	char *name;
	int64_t bytes;
	int64_t modified;
	bool is_directory;
} File;

static const char *const areas[] = {"base", "wals", "streaming", "incoming", "errors"};

/* The areas whose file systems can fill up */
static const char *const disk_areas[] = {"base", "wals", "streaming", "incoming"};

static json_t *list_directory(const char *path, bool backups_only);
static json_t *file_json(const File *file);
static int64_t modified_of(const struct stat *stat);
static int compare_names(const void *a, const void *b);

bool
area_is_valid(const char *area)
{
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++)
	{
		if (strcmp(area, areas[i]) == 0)
			return true;
	}
	return false;
}

Answer *
area_list_files(const char *server, const char *area)
{
	char *path = catalogue_directory(server, area);
	json_t *value;
	int error;

	if (path == NULL)
		return answer_error("unavailable", "Barman does not tell where this server's files are",
							NULL, "Look at \"barman show-servers\".");
	value = list_directory(path, strcmp(area, "base") == 0);
	error = errno;
	free(path);
	if (value == NULL)
		return answer_error(BARMAN_INTERNAL, "could not list the files of this area",
							strerror(error), NULL);
	return answer_json(200, value);
}

/*
 * With backups_only, lists the directories at the top, each with the total
 * bytes below it.  A directory that does not exist yet is empty.
 */
static json_t *
list_directory(const char *path, bool backups_only)
{
	char *paths[] = {(char *) (uintptr_t) path, NULL};
	size_t skip = strlen(path);
	File *files = NULL;
	size_t count = 0;
	size_t size = 0;
	bool truncated = false;
	json_t *list;
	json_t *value;
	FTS *walk;
	FTSENT *entry;
	struct stat top;

	if (stat(path, &top) != 0 && errno != ENOENT)
		return NULL;
	while (skip > 0 && path[skip - 1] == '/')
		skip--;
	walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	if (walk == NULL)
		return NULL;
	while ((entry = fts_read(walk)) != NULL)
	{
		bool is_directory = entry->fts_info == FTS_D;

		if (entry->fts_level <= 0 || entry->fts_info == FTS_DP || entry->fts_info == FTS_NS ||
			entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR)
			continue; /* the top itself, or already gone */
		if (backups_only && entry->fts_level > 1)
		{
			if (entry->fts_info == FTS_F && count > 0)
				files[count - 1].bytes += entry->fts_statp->st_size;
			continue;
		}
		if (backups_only && !is_directory)
			continue;
		if (count == size)
		{
			size = size > 0 ? size * 2 : 64;
			files = mem_realloc(files, size * sizeof(File));
		}
		files[count].name = mem_strdup(entry->fts_path + skip + 1);
		files[count].bytes = is_directory ? 0 : entry->fts_statp->st_size;
		files[count].modified = modified_of(entry->fts_statp);
		files[count].is_directory = is_directory;
		count++;
	}
	fts_close(walk);

	if (count > 0)
		qsort(files, count, sizeof(File), compare_names);
	list = json_checked(json_array());
	for (size_t i = 0; i < count; i++)
	{
		if (i < MAX_FILES)
			json_array_append_new(list, file_json(&files[i]));
		else
			truncated = true;
		free(files[i].name);
	}
	free(files);
	value = json_checked(json_object());
	json_object_set_new(value, "files", list);
	json_object_set_new(value, "truncated", json_boolean(truncated));
	return value;
}

Answer *
area_list_disks(const char *server)
{
	json_t *list = json_checked(json_array());

	for (size_t i = 0; i < sizeof(disk_areas) / sizeof(disk_areas[0]); i++)
	{
		char *path = catalogue_directory(server, disk_areas[i]);
		json_t *disk = path != NULL ? disk_of_path(path) : NULL;

		if (disk != NULL)
		{
			json_object_set_new(disk, "area", json_text(disk_areas[i]));
			json_array_append_new(list, disk);
		}
		free(path);
	}
	return answer_json(200, json_checked(json_pack("{s:o}", "disks", list)));
}

static json_t *
file_json(const File *file)
{
	json_t *value = json_checked(json_object());
	char modified[TIMESTAMP_LENGTH];

	timestamp_format(file->modified, modified);
	json_object_set_new(value, "name", json_text(file->name));
	json_object_set_new(value, "bytes", json_integer(file->bytes));
	json_object_set_new(value, "modified", json_string(modified));
	json_object_set_new(value, "is_directory", json_boolean(file->is_directory));
	return value;
}

static int64_t
modified_of(const struct stat *stat)
{
	return (int64_t) stat->st_mtim.tv_sec * 1000000 + stat->st_mtim.tv_nsec / 1000;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const File *) a)->name, ((const File *) b)->name);
}
