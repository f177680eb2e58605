/*
 * former_data.c
 *
 * What an instance had before its refresh, where Barman copies over it with
 * rsync.  A superuser of the instance chose its content: Barman writes through
 * links of both kinds and protects files whose names match those of the
 * backup as patterns, so what it would follow is not left to it, and what it
 * leaves is looked for.
 */
#include "restore/former_data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/directory.h"
#include "base/memory.h"
#include "restore/data_directory.h"
#include "restore/instance_files.h"

/* What the names of a copy are compared with */
typedef struct Original
{
	const char *backup; /* directory */
	const char *backup_id;
	const json_t *tablespaces;
} Original;

static bool is_directory(const char *directory, const char *name);
static int strip_data(const char *directory);
static char *has_other_names(int parent, const char *name, const char *path, void *arg);
static char *is_not_in_backup(int parent, const char *name, const char *path, void *arg);
static char *path_in_backup(const Original *original, const char *path);
static bool is_made_by_barman(const Original *original, const char *name);
static const char *below(const char *path, const char *directory);

char *
former_data_strip(const char *directory, size_t tablespaces)
{
	static const char *const kept[] = {INSTANCE_DATA, INSTANCE_TABLESPACES, NULL};
	const char **numbers = mem_alloc((tablespaces + 1) * sizeof(char *));
	char *path = mem_printf("%s/" INSTANCE_TABLESPACES, directory);
	char *words = NULL;
	int error;

	/* otherwise something else would be stripped */
	if (!is_directory(directory, INSTANCE_DATA) || !is_directory(directory, INSTANCE_TABLESPACES))
		words = mem_strdup("the instance has no data directory");
	for (size_t i = 0; i < tablespaces; i++)
		numbers[i] = mem_printf("%zu", i + 1);
	if (words == NULL)
	{
		error = directory_remove_others(directory, kept);
		if (error == 0)
			error = directory_remove_others(path, numbers);
		if (error == 0)
			error = strip_data(directory);
		words = error != 0 ? mem_printf("what it has could not be removed: %s", strerror(error))
						   : instance_check_each(directory, has_other_names, NULL);
	}
	for (size_t i = 0; i < tablespaces; i++)
		free((void *) (uintptr_t) numbers[i]);
	free(numbers);
	free(path);
	return words;
}

static bool
is_directory(const char *directory, const char *name)
{
	char *path = mem_printf("%s/%s", directory, name);
	struct stat status;
	bool is = lstat(path, &status) == 0 && S_ISDIR(status.st_mode);

	free(path);
	return is;
}

/*
 * What Barman leaves alone, or copies elsewhere: WAL, links, logs.  Without its
 * note of the restore before, it compares the content of files that look
 * alike: who ran the server may have changed the times of files.
 */
static int
strip_data(const char *directory)
{
	static const char *const names[] = {
		"pg_wal",
		"barman_wal",
		"pg_tblspc",
		"log",
		"pg_log",
		".barman-recover.info",
		"postgresql.auto.conf",
		"backup_label",
		"backup_label.old",
	};
	char *data = mem_printf("%s/" INSTANCE_DATA, directory);
	int error = 0;

	instance_forget_former_life(data);
	for (size_t i = 0; error == 0 && i < sizeof(names) / sizeof(names[0]); i++)
	{
		char *path = mem_printf("%s/%s", data, names[i]);

		error = directory_remove(path);
		free(path);
	}
	free(data);
	return error;
}

/* Barman writes into files without making them anew, so under all their names. */
static char *
has_other_names(int parent, const char *name, const char *path, void *arg)
{
	struct stat status;

	(void) arg;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return mem_printf("\"%s\" cannot be looked at: %s.", path, strerror(errno));
	if (S_ISREG(status.st_mode) && status.st_nlink > 1)
		return mem_printf("\"%s\" has another name elsewhere.", path);
	return NULL;
}

char *
former_data_left(const char *directory, const char *backup, const char *backup_id,
				 const json_t *tablespaces)
{
	Original original = {backup, backup_id, tablespaces};

	return instance_check_each(directory, is_not_in_backup, &original);
}

static char *
is_not_in_backup(int parent, const char *name, const char *path, void *arg)
{
	const Original *original = arg;
	char *there = path_in_backup(original, path);
	struct stat copied;
	struct stat kept;
	char *words = NULL;

	if (there != NULL &&
		(fstatat(parent, name, &copied, AT_SYMLINK_NOFOLLOW) != 0 || lstat(there, &kept) != 0 ||
		 (copied.st_mode & S_IFMT) != (kept.st_mode & S_IFMT)))
		words = mem_printf("\"%s\" is in the copy.", path);
	free(there);
	return words;
}

/* malloc'd; NULL: the backup need not have it. */
static char *
path_in_backup(const Original *original, const char *path)
{
	const char *name = below(path, INSTANCE_DATA);
	const json_t *tablespace;
	size_t number;
	int length;

	if (name != NULL)
		return is_made_by_barman(original, name)
				   ? NULL
				   : mem_printf("%s/" INSTANCE_DATA "/%s", original->backup, name);
	name = below(path, INSTANCE_TABLESPACES);
	if (name == NULL || sscanf(name, "%zu%n", &number, &length) != 1)
		return NULL;
	tablespace = json_array_get(original->tablespaces, number - 1);
	return mem_printf("%s/%lld%s", original->backup,
					  (long long) json_integer_value(json_object_get(tablespace, "oid")),
					  name + length);
}

/* What Barman adds to a copy: WAL, links of tablespaces, its own files, and the configuration as it was */
static bool
is_made_by_barman(const Original *original, const char *name)
{
	static const char *const directories[] = {"pg_wal", "barman_wal", "pg_tblspc"};
	static const char *const files[] = {
		"pg_wal",
		"barman_wal",
		"pg_tblspc",
		".barman-recover.info",
		"recovery.signal",
		"postgresql.auto.conf",
		"postgresql.conf.origin",
		"postgresql.auto.conf.origin",
		"pg_hba.conf.origin",
		"pg_ident.conf.origin",
	};
	static const char manifest[] = "backup_manifest.";

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
	{
		if (below(name, directories[i]) != NULL)
			return true;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
	{
		if (strcmp(name, files[i]) == 0)
			return true;
	}
	return strncmp(name, manifest, strlen(manifest)) == 0 &&
		   strcmp(name + strlen(manifest), original->backup_id) == 0;
}

/* What follows the directory and a slash in a path; NULL: it is not below it. */
static const char *
below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/' ? path + length + 1 : NULL;
}
