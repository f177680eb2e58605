/*
 * instance_files.c
 *
 * Makes, measures and removes the directory of a restored instance.
 * Never follows a link out of it, and never removes what it did not make.
 */
#include "restore/instance_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

/* A record of ours is some kilobytes. */
#define RECORD_MAX (4 * 1024 * 1024)

/* No configuration or control file of ours or PostgreSQL's is larger. */
#define SMALL_FILE_MAX (1024 * 1024)

/* Directories that are open at a time; PostgreSQL's own are not half as deep. */
#define LEVELS_MAX 32

/* One of those on the way to what is being removed */
typedef struct Level
{
	DIR		   *directory;
	char	   *name;			/* in that above */
} Level;

static int	open_to_read(const char *path);
static int	remove_all(int top);
static int	remove_pass(int top, unsigned int *moved);
static int	remove_entry(int parent, const char *name, int flags);
static int	move_to_top(int parent, const char *name, int top, unsigned int *moved);
static void measure_below(int parent, const char *name, FilesSize *size, int depth);
static int	open_directory(int parent, const char *name, bool to_change);
static DIR *read_directory(int fd);
static bool is_dots(const char *name);

int
instance_files_make(const char *directory)
{
	static const char *const names[] = {
		INSTANCE_TABLESPACES, INSTANCE_STAGING, INSTANCE_SOCKET
	};
	int			error;

	if (mkdir(directory, 0700) != 0)
		return errno;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		error = instance_files_make_directory(directory, names[i]);
		if (error != 0)
		{
			instance_files_remove(directory);
			return error;
		}
	}
	return 0;
}

int
instance_files_remove(const char *directory)
{
	int			top = open_directory(AT_FDCWD, directory, true);
	int			error;

	/* a file, or a link, is removed and not followed */
	if (top < 0)
		return errno == ENOENT ? 0 : errno == ENOTDIR || errno == ELOOP ? remove_entry(AT_FDCWD, directory, 0) : errno;
	error = remove_all(top);
	close(top);
	return error != 0 ? error : remove_entry(AT_FDCWD, directory, AT_REMOVEDIR);
}

FilesSize
instance_files_size(const char *directory)
{
	FilesSize	size = {0, 0};

	measure_below(AT_FDCWD, directory, &size, 0);
	return size;
}

char *
instance_files_tail(const char *path, size_t limit)
{
	int			fd = open_to_read(path);
	struct stat status;
	char	   *text;
	char	   *line;
	ssize_t		got;
	off_t		from;

	if (fd < 0 || fstat(fd, &status) != 0)
	{
		if (fd >= 0)
			close(fd);
		return mem_strdup("");
	}
	from = status.st_size > (off_t) limit ? status.st_size - (off_t) limit : 0;
	text = mem_alloc(limit + 1);
	got = pread(fd, text, limit, from);
	close(fd);
	text[got > 0 ? got : 0] = '\0';

	/* not the end of a line */
	line = from > 0 ? strchr(text, '\n') : NULL;
	if (line != NULL)
		memmove(text, line + 1, strlen(line + 1) + 1);
	for (size_t length = strlen(text); length > 0 && text[length - 1] == '\n'; length--)
		text[length - 1] = '\0';
	return text;
}

char *
instance_files_read(const char *path)
{
	int			fd = open_to_read(path);
	char	   *text;
	size_t		length = 0;
	ssize_t		got;

	if (fd < 0)
		return NULL;
	text = mem_alloc(SMALL_FILE_MAX + 1);
	while (length < SMALL_FILE_MAX &&
		   (got = read(fd, text + length, SMALL_FILE_MAX - length)) > 0)
		length += (size_t) got;
	close(fd);
	text[length] = '\0';
	return mem_realloc(text, length + 1);
}

json_t *
instance_files_json(const char *path)
{
	/* a FIFO must not hang the start */
	int			fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat facts;
	json_t	   *value = NULL;

	if (fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size <= RECORD_MAX)
		value = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	if (fd >= 0)
		close(fd);
	return value;
}

int
instance_files_write(const char *path, const char *text)
{
	char	   *fresh = mem_printf("%s.new", path);
	int			fd = unlink(fresh) != 0 && errno != ENOENT ? -1 :
		open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t		length = strlen(text);
	int			error = fd < 0 ? errno : 0;

	while (error == 0 && length > 0)
	{
		ssize_t		put = write(fd, text, length);

		if (put < 0 && errno != EINTR)
			error = errno;
		if (put > 0)
		{
			text += put;
			length -= (size_t) put;
		}
	}
	if (error == 0 && fsync(fd) != 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	if (error == 0 && rename(fresh, path) != 0)
		error = errno;
	if (error != 0)
		unlink(fresh);
	free(fresh);
	return error;
}

/*
 * A file that is one: the restored server writes below its directory, and may
 * have put a link there to what we can read and it cannot, or a fifo, at which
 * we would wait.  Where the instances are has no link in its path
 * (instances_start()).  Returns -1 with errno.
 */
static int
open_to_read(const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS
	};
	struct stat status;
	int			fd = (int) syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	/* an older kernel, or container engine */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = open(path, (int) how.flags);
	if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)))
	{
		close(fd);
		fd = -1;
		errno = EINVAL;
	}
	return fd;
}

/*
 * What has run here may have nested directories as deep as it liked.  So no
 * more than these are open at a time, nor does the stack grow: what lies deeper
 * is moved to the top, where the next pass finds it.
 */
static int
remove_all(int top)
{
	unsigned int moved = 0;
	unsigned int before;
	int			error;

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
	Level		levels[LEVELS_MAX] = {{.directory = read_directory(openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))}};
	int			depth = 0;
	int			error = 0;

	if (levels[0].directory == NULL)
		return errno;
	while (depth >= 0)
	{
		DIR		   *here = levels[depth].directory;
		struct dirent *entry = readdir(here);
		int			one = 0;

		if (entry == NULL)
		{
			closedir(here);
			if (depth > 0)
			{
				one = remove_entry(dirfd(levels[depth - 1].directory), levels[depth].name, AT_REMOVEDIR);
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
			DIR		   *below = read_directory(open_directory(dirfd(here), entry->d_name, true));

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
	int			fd;
	int			error;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	/* for its link to the parent is written anew */
	fd = open_directory(parent, name, true);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? remove_entry(parent, name, 0) : errno == ENOENT ? 0 : errno;
	close(fd);
	do
	{
		char		up[32];

		snprintf(up, sizeof(up), ".removing.%u", (*moved)++);
		error = renameat(parent, name, top, up) == 0 ? 0 : errno;
	} while (error == EEXIST || error == ENOTEMPTY || error == ENOTDIR);
	return error;
}

/* Files come and go meanwhile; what cannot be read, or lies too deep, counts nothing. */
static void
measure_below(int parent, const char *name, FilesSize *size, int depth)
{
	DIR		   *directory = depth < LEVELS_MAX ? read_directory(open_directory(parent, name, false)) : NULL;
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
			size->bytes += status.st_size;
		else if (S_ISDIR(status.st_mode))
			measure_below(dirfd(directory), entry->d_name, size, depth + 1);
	}
	closedir(directory);
}

int
instance_files_make_directory(const char *directory, const char *name)
{
	char	   *path = mem_printf("%s/%s", directory, name);
	int			error = mkdir(path, 0700) == 0 ? 0 : errno;

	free(path);
	return error;
}

/*
 * A directory and nothing else; -1 with errno.  to_change: also one that its
 * owner has closed to himself, which is opened to him: through a descriptor of
 * itself, for a link may be put in its place at any moment.
 */
static int
open_directory(int parent, const char *name, bool to_change)
{
	const int	flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int			fd = openat(parent, name, flags);
	struct stat status;

	if (fd < 0 && errno == EACCES && to_change)
	{
		int			handle = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		char		path[64];

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

/* Takes the descriptor, which may be -1. */
static DIR *
read_directory(int fd)
{
	DIR		   *directory = fd >= 0 ? fdopendir(fd) : NULL;

	if (directory == NULL && fd >= 0)
		close(fd);
	return directory;
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}
