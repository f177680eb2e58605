/*
 * instance_files.c
 *
 * Makes, measures and removes the directory of a restored instance.
 * Never follows a link out of it, and never removes what it did not make.
 */
#include "instance_files.h"

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

#include "memory.h"

/* A record of ours is some kilobytes. */
#define RECORD_MAX (4 * 1024 * 1024)

/* No configuration or control file of ours or PostgreSQL's is larger. */
#define SMALL_FILE_MAX (1024 * 1024)

static int	open_to_read(const char *path);
static int	remove_below(int parent, const char *name);
static void measure_below(int parent, const char *name, FilesSize *size);
static DIR *open_directory(int parent, const char *name);
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
	return remove_below(AT_FDCWD, directory);
}

FilesSize
instance_files_size(const char *directory)
{
	FilesSize	size = {0, 0};

	measure_below(AT_FDCWD, directory, &size);
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

static int
remove_below(int parent, const char *name)
{
	DIR		   *directory = open_directory(parent, name);
	struct dirent *entry;
	int			error = 0;

	if (directory == NULL)
	{
		if (errno == ENOENT)
			return 0;
		/* a file, or a link, which is removed and not followed */
		return unlinkat(parent, name, 0) == 0 || errno == ENOENT ? 0 : errno;
	}
	while ((entry = readdir(directory)) != NULL)
	{
		int			one = 0;

		if (is_dots(entry->d_name))
			continue;
		if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
			one = remove_below(dirfd(directory), entry->d_name);
		else if (unlinkat(dirfd(directory), entry->d_name, 0) != 0 && errno != ENOENT)
			one = errno;
		if (error == 0)
			error = one;
	}
	closedir(directory);
	if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT && error == 0)
		error = errno;
	return error;
}

/* Files come and go meanwhile; what cannot be read counts nothing. */
static void
measure_below(int parent, const char *name, FilesSize *size)
{
	DIR		   *directory = open_directory(parent, name);
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
			measure_below(dirfd(directory), entry->d_name, size);
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

static DIR *
open_directory(int parent, const char *name)
{
	const int	flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int			fd = openat(parent, name, flags);
	DIR		   *directory;
	struct stat status;

	/* a directory that its owner has closed to himself */
	if (fd < 0 && errno == EACCES &&
		fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
		fchmodat(parent, name, 0700, 0) == 0)
		fd = openat(parent, name, flags);
	if (fd < 0)
		return NULL;
	directory = fdopendir(fd);
	if (directory == NULL)
		close(fd);
	return directory;
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}
