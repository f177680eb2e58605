/*
 * files.c
 *
 * Reads and writes small files whole.  Does not read a link or a fifo that
 * somebody else may have put in a file's place.
 */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timestamp.h"

/* A job or instance record has a few kilobytes. */
#define RECORD_MAX (4 * 1024 * 1024)

/* The sidecar's and PostgreSQL's configuration and control files are smaller. */
#define SMALL_FILE_MAX (1024 * 1024)

/* How long another program may hold a lock before it counts as one that runs */
#define LOCK_MS		  3000
#define LOCK_AGAIN_MS 20

static int open_to_read(const char *path);

char *
files_tail(const char *path, size_t limit)
{
	int fd = open_to_read(path);
	struct stat status;
	char *text;
	char *line;
	ssize_t got;
	off_t from;

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

	/* skip the incomplete first line */
	line = from > 0 ? strchr(text, '\n') : NULL;
	if (line != NULL)
		memmove(text, line + 1, strlen(line + 1) + 1);
	for (size_t length = strlen(text); length > 0 && text[length - 1] == '\n'; length--)
		text[length - 1] = '\0';
	return text;
}

char *
files_read(const char *path)
{
	int fd = open_to_read(path);
	char *text;
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return NULL;
	text = mem_alloc(SMALL_FILE_MAX + 1);
	while (length < SMALL_FILE_MAX && (got = read(fd, text + length, SMALL_FILE_MAX - length)) > 0)
		length += (size_t) got;
	close(fd);
	text[length] = '\0';
	return mem_realloc(text, length + 1);
}

json_t *
files_json(const char *path)
{
	/* a FIFO must not block the start */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat facts;
	json_t *value = NULL;

	if (fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size <= RECORD_MAX)
		value = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	if (fd >= 0)
		close(fd);
	return value;
}

int
files_write(const char *path, const char *text)
{
	char *fresh = mem_printf("%s.new", path);
	int fd = unlink(fresh) != 0 && errno != ENOENT
				 ? -1
				 : open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t length = strlen(text);
	int error = fd < 0 ? errno : 0;

	while (error == 0 && length > 0)
	{
		ssize_t put = write(fd, text, length);

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
 * Open a regular file only: the restored server writes below its directory, and
 * may put there a link to a file that we can read and it cannot, or a fifo,
 * which would block us.  The path of the instances' root has no link in it
 * (instances_start()).  Returns -1 with errno.
 */
static int
open_to_read(const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	struct stat status;
	int fd = (int) syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	/* an older kernel or container engine has no openat2() */
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

int
files_lock(int fd)
{
	int64_t until = monotonic_ms() + LOCK_MS;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0)
	{
		if (errno != EWOULDBLOCK || monotonic_ms() >= until)
			return errno;
		usleep(LOCK_AGAIN_MS * 1000);
	}
	return 0;
}
