/*
 * directory.c
 *
 * Makes, measures and removes directories.  Does not follow links out of them.
 */
#include "base/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* Directories open at a time; PostgreSQL's own are less than half as deep. */
#define LEVELS_MAX 32

/* The unit of st_blocks, whatever the blocks of the file system are */
#define STAT_BLOCK 512

/* An open directory on the path to the one being removed */
typedef struct Level
{
	DIR *directory;
	char *name; /* in the directory above */
} Level;

static int remove_all(int top);
static int remove_pass(int top, unsigned int *moved);
static int remove_entry(int parent, const char *name, int flags);
static int move_to_top(int parent, const char *name, int top, unsigned int *moved);
static void measure_below(int parent, const char *name, FilesSize *size, int depth);
static int64_t freed_by(const struct stat *status);
static int64_t add(int64_t sum, int64_t more);
static int open_directory(int parent, const char *name, bool to_change);
static DIR *read_directory(int fd);
static bool is_dots(const char *name);

int
directory_remove(const char *directory)
{
	int top = open_directory(AT_FDCWD, directory, true);
	int error;

	/* remove a file or a link itself; do not follow the link */
	if (top < 0)
		return errno == ENOENT						? 0
			   : errno == ENOTDIR || errno == ELOOP ? remove_entry(AT_FDCWD, directory, 0)
													: errno;
	error = remove_all(top);
	close(top);
	return error != 0 ? error : remove_entry(AT_FDCWD, directory, AT_REMOVEDIR);
}

int
directory_remove_others(const char *directory, const char *const *kept)
{
	DIR *here = read_directory(open_directory(AT_FDCWD, directory, true));
	struct dirent *entry;
	int error = here != NULL ? 0 : errno;

	while (here != NULL && (entry = readdir(here)) != NULL)
	{
		const char *const *name = kept;
		char *path;
		int one;

		while (*name != NULL && strcmp(*name, entry->d_name) != 0)
			name++;
		if (*name != NULL || is_dots(entry->d_name))
			continue;
		path = mem_printf("%s/%s", directory, entry->d_name);
		one = directory_remove(path);
		error = error != 0 ? error : one;
		free(path);
	}
	if (here != NULL)
		closedir(here);
	return error;
}

FilesSize
directory_size(const char *directory)
{
	FilesSize size = {0};

	measure_below(AT_FDCWD, directory, &size, 0);
	return size;
}

int
directory_make(const char *directory, const char *name)
{
	char *path = mem_printf("%s/%s", directory, name);
	int error = mkdir(path, 0700) == 0 ? 0 : errno;

	free(path);
	return error;
}

/*
 * A server that ran here may have nested directories to any depth.  To bound
 * open descriptors and stack, move what lies deeper than LEVELS_MAX to the top,
 * where the next pass removes it.
 */
static int
remove_all(int top)
{
	unsigned int moved = 0;
	unsigned int before;
	int error;

	do
	{
		before = moved;
		error = remove_pass(top, &moved);
	} while (moved > before);
	return error;
}

static int
remove_pass(int top, unsigned int *moved)
{
	Level levels[LEVELS_MAX] = {
		{.directory = read_directory(openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))}};
	int depth = 0;
	int error = 0;

	if (levels[0].directory == NULL)
		return errno;
	while (depth >= 0)
	{
		DIR *here = levels[depth].directory;
		struct dirent *entry = readdir(here);
		int one = 0;

		if (entry == NULL)
		{
			closedir(here);
			if (depth > 0)
			{
				one = remove_entry(dirfd(levels[depth - 1].directory), levels[depth].name,
								   AT_REMOVEDIR);
				free(levels[depth].name);
			}
			depth--;
		}
		else if (is_dots(entry->d_name))
			continue;
		else if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			one = remove_entry(dirfd(here), entry->d_name, 0);
		else if (depth + 1 == LEVELS_MAX)
			one = move_to_top(dirfd(here), entry->d_name, top, moved);
		else
		{
			DIR *below = read_directory(open_directory(dirfd(here), entry->d_name, true));

			if (below != NULL)
			{
				levels[++depth].directory = below;
				levels[depth].name = mem_strdup(entry->d_name);
			}
			else if (errno == ENOTDIR || errno == ELOOP)
				one = remove_entry(dirfd(here), entry->d_name, 0);
			else if (errno != ENOENT)
				one = errno;
		}
		if (error == 0)
			error = one;
	}
	return error;
}

static int
remove_entry(int parent, const char *name, int flags)
{
	return unlinkat(parent, name, flags) == 0 || errno == ENOENT ? 0 : errno;
}

static int
move_to_top(int parent, const char *name, int top, unsigned int *moved)
{
	int fd;
	int error;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	/* renaming rewrites its "..", so it must be writable */
	fd = open_directory(parent, name, true);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? remove_entry(parent, name, 0)
			   : errno == ENOENT				  ? 0
												  : errno;
	close(fd);
	do
	{
		char up[32];

		snprintf(up, sizeof(up), ".removing.%u", (*moved)++);
		error = renameat(parent, name, top, up) == 0 ? 0 : errno;
	} while (error == EEXIST || error == ENOTEMPTY || error == ENOTDIR);
	return error;
}

/* Files come and go meanwhile; one that is unreadable or too deep counts as empty. */
static void
measure_below(int parent, const char *name, FilesSize *size, int depth)
{
	DIR *directory = depth < LEVELS_MAX ? read_directory(open_directory(parent, name, false)) : NULL;
	struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
	{
		struct stat status;

		if (is_dots(entry->d_name) ||
			fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		size->files++;
		if (S_ISREG(status.st_mode))
		{
			size->bytes = add(size->bytes, status.st_size);
			size->freed = add(size->freed, freed_by(&status));
		}
		else if (S_ISDIR(status.st_mode))
			measure_below(dirfd(directory), entry->d_name, size, depth + 1);
	}
	closedir(directory);
}

/* Who runs a restored server chooses sizes and names: neither is what the file takes of the disk. */
static int64_t
freed_by(const struct stat *status)
{
	int64_t allocated;

	if (__builtin_mul_overflow((int64_t) status->st_blocks, (int64_t) STAT_BLOCK, &allocated) ||
		allocated > status->st_size)
		allocated = status->st_size;
	return allocated / (status->st_nlink > 0 ? (int64_t) status->st_nlink : 1);
}

static int64_t
add(int64_t sum, int64_t more)
{
	int64_t total;

	return __builtin_add_overflow(sum, more, &total) ? INT64_MAX : total;
}

/*
 * Open a directory and nothing else; -1 with errno.  With to_change, first give
 * the owner full access; do so through a descriptor, because a restored server
 * may replace the directory by a link at any moment.
 */
static int
open_directory(int parent, const char *name, bool to_change)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent, name, flags);
	struct stat status;

	if (fd < 0 && errno == EACCES && to_change)
	{
		int handle = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		char path[64];

		if (handle < 0)
			return -1;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", handle);
		if (chmod(path, 0700) == 0)
			fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(handle);
		if (fd < 0)
			errno = EACCES;
	}
	else if (fd >= 0 && to_change && fstat(fd, &status) == 0 && (status.st_mode & 0700) != 0700)
		fchmod(fd, 0700);
	return fd;
}

/* Takes ownership of the descriptor, which may be -1. */
static DIR *
read_directory(int fd)
{
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;

	if (directory == NULL && fd >= 0)
		close(fd);
	return directory;
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}
