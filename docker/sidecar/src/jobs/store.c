/*
 * store.c
 *
 * Keeps the records of jobs in the state directory.  A record is replaced
 * atomically; a log is appended to, and a torn last line is ignored.
 */
#include "jobs/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"

#define LOCK_NAME		 "lock"
#define RECORD_SUFFIX	 ".json"
#define LOG_SUFFIX		 ".log"
#define TEMPORARY_SUFFIX ".tmp"

/* A record is a few kilobytes; its result is kept below a megabyte. */
#define RECORD_MAX (4 * 1024 * 1024)

/* 2001 lines of 4000 characters, at worst with every character escaped */
#define LOG_MAX ((off_t) 64 * 1024 * 1024)

static int directory = -1;
static int lock_file = -1;

static bool complain(const char *message, const char *name);
static bool write_all(int fd, const char *text, size_t length);
static bool is_plain(int fd, off_t size_max);
static FILE *open_log(const char *id);
static bool is_log_line(const char *text, size_t length);
static size_t json_string_span(const char *text);
static bool has_suffix(const char *name, const char *suffix);

bool
job_store_open(const char *state_dir)
{
	struct stat facts;

	if (mkdir(state_dir, 0700) != 0 && errno != EEXIST)
		return complain("could not make the state directory", state_dir);
	directory = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return complain("could not open the state directory", state_dir);
	if (fstat(directory, &facts) != 0)
		return complain("could not examine the state directory", state_dir);
	if (facts.st_uid == geteuid() && (facts.st_mode & 077) != 0 && fchmod(directory, 0700) != 0)
		return complain("could not close the state directory to others", state_dir);
	if (facts.st_uid != geteuid() && (facts.st_mode & 022) != 0)
	{
		errno = EPERM;
		return complain("the state directory belongs to somebody else, and others may write to it",
						state_dir);
	}
	lock_file = openat(directory, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
					   0600);
	if (lock_file < 0)
		return complain("could not write to the state directory", state_dir);
	if (files_lock(lock_file) != 0)
	{
		errno = EBUSY;
		return complain("another sidecar uses this state directory", state_dir);
	}
	return true;
}

void
job_store_close(void)
{
	if (lock_file >= 0)
		close(lock_file);
	if (directory >= 0)
		close(directory);
	lock_file = directory = -1;
}

bool
job_store_write(const char *id, const json_t *record)
{
	char *name = mem_printf("%s" RECORD_SUFFIX, id);
	char *temporary = mem_printf("%s.tmp", id);
	char *text = json_dumps(record, JSON_INDENT(1));
	int fd;
	bool good;

	/* create a new file: any file of that name, even a FIFO, is a leftover */
	unlinkat(directory, temporary, 0);
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	good = fd >= 0 && text != NULL && write_all(fd, text, strlen(text)) && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (good)
		good = renameat(directory, temporary, directory, name) == 0 && fsync(directory) == 0;
	if (!good)
		complain("could not record a job", name);
	free(text);
	free(temporary);
	free(name);
	return good;
}

json_t *
job_store_load(void)
{
	json_t *records = json_checked(json_array());
	int fd = dup(directory);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (dir == NULL)
	{
		complain("could not read the state directory", "");
		return records;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	rewinddir(dir);
	while ((entry = readdir(dir)) != NULL)
	{
		json_error_t error;
		json_t *record = NULL;
		int file;

		/* left by a crash during a write */
		if (has_suffix(entry->d_name, TEMPORARY_SUFFIX))
			unlinkat(directory, entry->d_name, 0);
		if (!has_suffix(entry->d_name, RECORD_SUFFIX))
			continue;
		file = openat(directory, entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (file >= 0 && is_plain(file, RECORD_MAX))
			record = json_loadfd(file, 0, &error);
		if (file >= 0)
			close(file);
		if (json_is_object(record))
			json_array_append(records, record);
		else
		{
			char *bad = mem_printf("%s.bad", entry->d_name);

			log_line(LOGLEVEL_WARNING, "the record of a job cannot be read: put aside", "file",
					 entry->d_name, NULL);
			renameat(directory, entry->d_name, directory, bad);
			free(bad);
		}
		json_decref(record);
	}
	closedir(dir);
	return records;
}

bool
job_store_append_log(const char *id, const json_t *line)
{
	char *name = mem_printf("%s" LOG_SUFFIX, id);
	char *text = json_dumps(line, JSON_COMPACT);
	char *whole = text != NULL ? mem_printf("%s\n", text) : NULL;
	int fd = openat(directory, name,
					O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	bool good = fd >= 0 && is_plain(fd, LOG_MAX) && whole != NULL &&
				write_all(fd, whole, strlen(whole));

	if (fd >= 0)
		close(fd);
	if (!good)
		complain("could not write the log of a job", name);
	free(whole);
	free(text);
	free(name);
	return good;
}

/* NULL: there is none that can be read. */
static FILE *
open_log(const char *id)
{
	char *name = mem_printf("%s" LOG_SUFFIX, id);
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	FILE *file = fd >= 0 && is_plain(fd, LOG_MAX) ? fdopen(fd, "r") : NULL;

	if (file == NULL && fd >= 0)
		close(fd);
	free(name);
	return file;
}

char *
job_store_log_text(const char *id, json_int_t after, size_t limit, bool *more)
{
	FILE *file = open_log(id);
	char *lines = NULL;
	size_t lines_length = 0;
	FILE *list = open_memstream(&lines, &lines_length);
	char *text = NULL;
	size_t size = 0;
	size_t bytes = 0;
	ssize_t length;

	if (list == NULL)
		(void) json_checked(NULL);
	*more = false;
	fputc('[', list);
	while (file != NULL && (length = getline(&text, &size, file)) > 0)
	{
		long long n;

		length -= text[length - 1] == '\n';
		text[length] = '\0';
		if (sscanf(text, "{\"n\":%lld", &n) != 1 || n <= after || !is_log_line(text, (size_t) length))
			continue;
		*more = bytes > 0 && bytes + (size_t) length > limit;
		if (*more)
			break;
		fprintf(list, "%s%s", bytes > 0 ? "," : "", text);
		bytes += (size_t) length;
	}
	fputc(']', list);
	if (fclose(list) != 0)
		(void) json_checked(NULL);
	if (file != NULL)
		fclose(file);
	free(text);
	return lines;
}

/* A number and texts, as job_store_append_log() writes it; one that was cut off, and what follows it, is none. */
static bool
is_log_line(const char *text, size_t length)
{
	static const char number[] = "{\"n\":";
	const char *at = text + sizeof(number) - 1;

	if (strncmp(text, number, sizeof(number) - 1) != 0)
		return false;
	at += strspn(at, "0123456789");
	while (*at == ',')
	{
		size_t name = json_string_span(at + 1);
		size_t value = name > 0 && at[1 + name] == ':' ? json_string_span(at + 2 + name) : 0;

		if (value == 0)
			return false;
		at += 2 + name + value;
	}
	return strcmp(at, "}") == 0 && at + 1 == text + length;
}

/* The length of the string of JSON that this text begins with; 0: it begins with none. */
static size_t
json_string_span(const char *text)
{
	size_t length = 1;

	if (text[0] != '"')
		return 0;
	while (text[length] != '"')
	{
		if ((unsigned char) text[length] < ' ')
			return 0;
		if (text[length] == '\\' && text[length + 1] == 'u' &&
			strspn(text + length + 2, "0123456789abcdefABCDEF") < 4)
			return 0;
		if (text[length] == '\\' &&
			(text[length + 1] == '\0' || strchr("\"\\/bfnrtu", text[length + 1]) == NULL))
			return 0;
		length += text[length] == '\\' ? 2 : 1;
	}
	return length + 1;
}

json_t *
job_store_read_log(const char *id, json_int_t after, size_t limit, bool *more)
{
	json_t *lines = json_checked(json_array());
	FILE *file = open_log(id);
	char *text = NULL;
	size_t size = 0;
	size_t bytes = 0;
	ssize_t length;

	*more = false;
	while (file != NULL && (length = getline(&text, &size, file)) > 0)
	{
		json_t *line;
		long long n;

		/* skip what the caller has, without parsing it */
		if (sscanf(text, "{\"n\":%lld", &n) == 1 && n <= after)
			continue;
		*more = bytes > 0 && bytes + (size_t) length > limit;
		if (*more)
			break;
		bytes += (size_t) length;
		line = json_loads(text, 0, NULL);
		if (json_integer_value(json_object_get(line, "n")) > after)
			json_array_append(lines, line);
		json_decref(line);
	}
	if (file != NULL)
		fclose(file);
	free(text);
	return lines;
}

void
job_store_remove(const char *id)
{
	char *record = mem_printf("%s" RECORD_SUFFIX, id);
	char *log = mem_printf("%s" LOG_SUFFIX, id);

	unlinkat(directory, log, 0);
	unlinkat(directory, record, 0);
	free(record);
	free(log);
}

static bool
complain(const char *message, const char *name)
{
	log_line(LOGLEVEL_ERROR, message, "path", name, "cause", strerror(errno), NULL);
	return false;
}

static bool
write_all(int fd, const char *text, size_t length)
{
	while (length > 0)
	{
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		length -= (size_t) written;
	}
	return true;
}

/* Whether fd is a regular file of at most size_max bytes */
static bool
is_plain(int fd, off_t size_max)
{
	struct stat facts;

	return fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size <= size_max;
}

static bool
has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name);
	size_t size = strlen(suffix);

	return length > size && strcmp(name + length - size, suffix) == 0;
}
