/*
 * data_directory.c
 *
 * Turns Barman's copy into a directory that PostgreSQL can be started on.  The
 * primary chose its content: no link in it is followed, and no setting of it
 * stays where PostgreSQL would read it.
 */
#include "restore/data_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/files.h"
#include "base/memory.h"
#include "restore/instance_files.h"

/* Deeper than any directory of PostgreSQL */
#define DEPTH_MAX 64

typedef struct Walk
{
	LinkIsGood good;
	void *arg;
	EntryIsBad is_bad; /* or NULL */
	void *bad_arg;
	char *words;
} Walk;

static void look_through(Walk *walk, int parent, const char *name, const char *path, int depth);
static void look_at(Walk *walk, int parent, const char *name, const char *path, int depth);
static bool is_our_tablespace(const char *name, const char *target, void *arg);
static char *complete(const char *data, int major);
static char *take_wal(const char *data);
static char *put_aside(const char *directory, const char *data);
static bool is_wal(const char *name);
static bool exists(const char *directory, const char *name);

char *
instance_mend(const char *directory, int major)
{
	char *data = mem_printf("%s/" INSTANCE_DATA, directory);
	char *staging = mem_printf("%s/" INSTANCE_STAGING, directory);
	char *words;

	directory_remove(staging);
	words = complete(data, major);
	if (words == NULL)
	{
		instance_forget_former_life(data);
		words = take_wal(data);
	}
	if (words == NULL)
		words = put_aside(directory, data);
	free(staging);
	free(data);
	return words;
}

char *
instance_check(const char *directory)
{
	return instance_find_foreign(directory, is_our_tablespace, (void *) (uintptr_t) directory);
}

char *
instance_check_each(const char *directory, EntryIsBad is_bad, void *arg)
{
	Walk walk = {is_our_tablespace, (void *) (uintptr_t) directory, is_bad, arg, NULL};

	look_through(&walk, AT_FDCWD, directory, "", 0);
	return walk.words;
}

char *
instance_find_foreign(const char *directory, LinkIsGood good, void *arg)
{
	Walk walk = {.good = good, .arg = arg};

	look_through(&walk, AT_FDCWD, directory, "", 0);
	return walk.words;
}

static void
look_through(Walk *walk, int parent, const char *name, const char *path, int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (directory == NULL || depth > DEPTH_MAX)
	{
		walk->words = mem_printf("\"%s\" cannot be looked through: %s.",
								 path[0] != '\0' ? path : name,
								 directory != NULL ? "it is too deep" : strerror(errno));
		if (directory != NULL)
			closedir(directory);
		else if (fd >= 0)
			close(fd);
		return;
	}
	while (walk->words == NULL && (entry = readdir(directory)) != NULL)
	{
		char *below;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			(entry->d_type == DT_REG && walk->is_bad == NULL))
			continue;
		below = mem_printf("%s%s%s", path, path[0] != '\0' ? "/" : "", entry->d_name);
		if (walk->is_bad != NULL)
			walk->words = walk->is_bad(dirfd(directory), entry->d_name, below, walk->bad_arg);
		if (walk->words == NULL && entry->d_type != DT_REG)
			look_at(walk, dirfd(directory), entry->d_name, below, depth);
		free(below);
	}
	closedir(directory);
}

/* For all but regular files, which readdir() usually reports */
static void
look_at(Walk *walk, int parent, const char *name, const char *path, int depth)
{
	struct stat status;

	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		walk->words = mem_printf("\"%s\" cannot be looked at: %s.", path, strerror(errno));
	else if (S_ISDIR(status.st_mode))
		look_through(walk, parent, name, path, depth + 1);
	else if (S_ISLNK(status.st_mode))
	{
		char target[PATH_MAX];
		ssize_t length = readlinkat(parent, name, target, sizeof(target) - 1);

		target[length > 0 ? length : 0] = '\0';
		if (!walk->good(path, target, walk->arg))
			walk->words = mem_printf("\"%s\" is a link to \"%s\", and no backup of PostgreSQL has one there.",
									 path, target);
	}
	else if (!S_ISREG(status.st_mode))
		walk->words = mem_printf("\"%s\" is neither a file nor a directory nor a link.", path);
}

/* The links that Barman was told to make: data/pg_tblspc/OID to tablespaces/NUMBER */
static bool
is_our_tablespace(const char *name, const char *target, void *arg)
{
	static const char digits[] = "0123456789";
	static const char from[] = INSTANCE_DATA "/pg_tblspc/";
	char *to = mem_printf("%s/" INSTANCE_TABLESPACES "/", (const char *) arg);
	size_t length = strlen(to);
	bool good = strncmp(name, from, strlen(from)) == 0 &&
				strspn(name + strlen(from), digits) == strlen(name + strlen(from)) &&
				strncmp(target, to, length) == 0 && target[length] != '\0' &&
				strspn(target + length, digits) == strlen(target + length);

	free(to);
	return good;
}

static char *
complete(const char *data, int major)
{
	static const char *const needed[] = {"PG_VERSION", "global/pg_control", "base"};

	/* Barman 3.11 to 3.14 leave these out of a combined incremental */
	static const char *const missing[] = {"pg_wal", "pg_tblspc"};

	char *words = NULL;
	char *path;
	char *version;

	for (size_t i = 0; words == NULL && i < sizeof(needed) / sizeof(needed[0]); i++)
	{
		if (!exists(data, needed[i]))
			words = mem_printf("\"%s\" is missing.", needed[i]);
	}
	path = mem_printf("%s/PG_VERSION", data);
	version = words == NULL && major != 0 ? files_read(path) : NULL;
	if (version != NULL && atoi(version) != major)
		words = mem_printf("\"PG_VERSION\" says %.*s, and the backup is of PostgreSQL %d.",
						   (int) strcspn(version, "\n"), version, major);
	free(version);
	free(path);
	if (words == NULL && chmod(data, 0700) != 0)
		words = mem_printf("Its mode could not be set: %s.", strerror(errno));
	for (size_t i = 0; words == NULL && i < sizeof(missing) / sizeof(missing[0]); i++)
	{
		int error = exists(data, missing[i]) ? 0 : directory_make(data, missing[i]);

		if (error != 0)
			words = mem_printf("\"%s\" could not be made: %s.", missing[i], strerror(error));
	}
	return words;
}

/*
 * Removes files of a server that was a standby, was being restored, or was
 * copied while it ran.  Also removes what is in the way of our own files,
 * because the primary may have made a directory there.  With tablespace_map,
 * PostgreSQL would make the links again as on the primary.
 */
void
instance_forget_former_life(const char *data)
{
	static const char *const former[] = {
		"standby.signal",
		"recovery.signal",
		"recovery.conf",
		"recovery.done",
		"promote",
		"tablespace_map",
		"tablespace_map.old",
		"postmaster.pid",
		"postmaster.opts",
		"recovery.signal.new",
		"postgresql.conf.new",
		"postgresql.auto.conf.new",
		"postgresql.auto.conf.tmp",
	};

	for (size_t i = 0; i < sizeof(former) / sizeof(former[0]); i++)
	{
		char *path = mem_printf("%s/%s", data, former[i]);

		directory_remove(path);
		free(path);
	}
}

/*
 * Barman puts the WAL beside pg_wal, with a command that fetches it.  In pg_wal,
 * PostgreSQL finds it without a command, and without copying each segment.
 */
static char *
take_wal(const char *data)
{
	char *from = mem_printf("%s/barman_wal", data);
	char *to = mem_printf("%s/pg_wal", data);
	DIR *directory = opendir(from);
	int target = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	char *words = NULL;

	if (target < 0)
		words = mem_printf("\"pg_wal\" cannot be opened: %s.", strerror(errno));
	while (words == NULL && directory != NULL && (entry = readdir(directory)) != NULL)
	{
		if (is_wal(entry->d_name) &&
			renameat(dirfd(directory), entry->d_name, target, entry->d_name) != 0)
			words = mem_printf("\"%s\" could not be moved to \"pg_wal\": %s.", entry->d_name,
							   strerror(errno));
	}
	if (directory != NULL)
		closedir(directory);
	if (target >= 0)
		close(target);
	if (words == NULL)
		directory_remove(from);
	free(from);
	free(to);
	return words;
}

/* Segments and timeline history files */
static bool
is_wal(const char *name)
{
	size_t digits = strspn(name, "0123456789ABCDEF");

	return (digits == 24 && name[24] == '\0') || (digits == 8 && strcmp(name + 8, ".history") == 0);
}

/*
 * Keeps the configuration of the server that was backed up for reference,
 * where a server that is started by hand does not find it.
 */
static char *
put_aside(const char *directory, const char *data)
{
	static const char *const names[] = {
		"postgresql.conf",
		"postgresql.auto.conf",
		"pg_hba.conf",
		"pg_ident.conf",
	};
	int error = directory_make(directory, INSTANCE_PRODUCTION);
	char *words = NULL;

	if (error != 0 && error != EEXIST)
		return mem_printf("\"" INSTANCE_PRODUCTION "\" could not be made: %s.", strerror(error));
	for (size_t i = 0; words == NULL && i < sizeof(names) / sizeof(names[0]); i++)
	{
		char *from = mem_printf("%s/%s", data, names[i]);
		char *to = mem_printf("%s/" INSTANCE_PRODUCTION "/%s", directory, names[i]);

		if (rename(from, to) != 0 && errno != ENOENT)
			words = mem_printf("\"%s\" could not be put aside: %s.", names[i], strerror(errno));
		free(from);
		free(to);
	}
	return words;
}

static bool
exists(const char *directory, const char *name)
{
	char *path = mem_printf("%s/%s", directory, name);
	struct stat status;
	bool there = lstat(path, &status) == 0;

	free(path);
	return there;
}
