/*
 * received_wal.c
 *
 * The newest WAL of a server is in files that its receiver still writes, which
 * "barman recover" leaves out.  A restore adds them.  Never writes where
 * Barman keeps its own files.
 */
#include "restore/received_wal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "barman/catalogue.h"
#include "barman/lsn.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "restore/instance_files.h"
#include "restore/segment_name.h"

#define PARTIAL ".partial"

/* gunzip of a segment of a gigabyte takes seconds */
#define GET_WAL_DEADLINE_MS (5 * 60 * 1000)

#define BLOCK 65536

/* PostgreSQL aligns WAL records to this. */
#define ALIGNMENT 8

/* The last file that the receiver of a timeline wrote */
typedef struct Received
{
	char *path;		  /* malloc'd; NULL: none */
	const char *name; /* part of path */
	bool is_partial;
	bool is_archived;	/* a partial segment: nothing continues it after a failover */
	bool is_compressed; /* a partial segment, so that its end is unknown */
} Received;

static bool is_wanted(const Restore *restore);
static Received newest_received(const char *server, int timeline, Job *job);
static char *newest_received_in(const char *directory, int timeline, const char *known, Job *job);
static bool is_plain(const char *path);
static int64_t changed_at(const char *path);
static bool get_wal(Restore *restore, const char *name, const char *directory);
static bool fetch(Restore *restore, const char *name, const char *directory);
static bool newest_in(const char *directory, int timeline, uint64_t per_log, uint64_t *segment);
static bool parse_name(const char *name, uint64_t per_log, uint64_t *segment);
static int64_t file_end(const char *path);

void
restore_look_at_tail(Restore *restore)
{
	WalTail tail = restore_wal_tail(job_server(restore->job), restore_timeline(restore),
									restore_segment_size(restore->backup), restore->job);

	restore->archived_end = tail.archived_end;
	restore->received_end = tail.received_end;
	restore->received_unknown = tail.unknown;
	restore->received_at = tail.at != 0 ? tail.at : restore->received_at;
}

WalTail
restore_wal_tail(const char *server, int timeline, int64_t size, Job *job)
{
	uint64_t per_log = UINT64_C(0x100000000) / (uint64_t) size;
	char *archived = catalogue_newest_wal(server, timeline);
	WalTail tail = {0};
	Received received;
	char *path;
	uint64_t segment;

	if (archived != NULL && parse_name(archived, per_log, &segment))
		tail.archived_end = (segment + 1) * (uint64_t) size;
	tail.received_end = tail.archived_end;
	received = newest_received(server, timeline, job);
	if (received.path != NULL)
	{
		uint64_t end = (uint64_t) size;

		tail.at = changed_at(received.path);
		if (received.is_partial && !(received.is_compressed && received.is_archived))
		{
			int64_t used = received.is_compressed ? 0 : file_end(received.path);

			end = used < 0 ? 0 : ((uint64_t) used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
		}
		if (parse_name(received.name, per_log, &segment) &&
			segment * (uint64_t) size + end >= tail.received_end)
		{
			tail.received_end = segment * (uint64_t) size + end;
			/* a compressed file does not show how much it holds */
			tail.unknown = received.is_compressed;
		}
		if (tail.unknown && !received.is_archived && job != NULL)
			job_log(job, JOB_WARNING,
					"%s is compressed, and what it holds cannot be restored before it is archived",
					received.name);
	}
	else if (archived != NULL)
	{
		path = catalogue_wal_path(server, archived);
		tail.at = path != NULL ? changed_at(path) : 0;
		free(path);
	}
	free(received.path);
	free(archived);
	return tail;
}

/* Microseconds; 0: the file does not exist */
static int64_t
changed_at(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0
			   ? (int64_t) status.st_mtim.tv_sec * 1000000 + status.st_mtim.tv_nsec / 1000
			   : 0;
}

bool
restore_tail_has(const Restore *restore, uint64_t lsn)
{
	return restore->received_end > restore->archived_end && lsn <= restore->received_end;
}

/*
 * Not wanted if the segment that the caller has closed is archived: then all
 * WAL is archived that existed at the call.
 */
static bool
is_wanted(const Restore *restore)
{
	uint64_t lsn;

	if (restore->target.immediate || restore->wal_arrived ||
		restore->received_end <= restore->archived_end)
		return false;
	return restore->target.lsn == NULL || !lsn_parse(restore->target.lsn, &lsn) ||
		   lsn >= restore->archived_end;
}

bool
restore_take_tail(Restore *restore)
{
	int timeline = restore_timeline(restore);
	int64_t size = restore_segment_size(restore->backup);
	uint64_t per_log = UINT64_C(0x100000000) / (uint64_t) size;
	uint64_t last = (restore->received_end - 1) / (uint64_t) size;
	uint64_t segment;
	char *directory;
	char name[25];
	bool good = true;

	if (!is_wanted(restore))
		return true;
	directory = restore_wal_directory(restore);
	if (newest_in(directory, timeline, per_log, &segment))
		segment++;
	else
		segment = restore->archived_end > 0 ? restore->archived_end / (uint64_t) size : last;

	/* segments archived meanwhile, those awaiting that, and those still being received */
	for (; good && segment <= last; segment++)
	{
		restore_segment_name(restore->backup, timeline, segment * (uint64_t) size, name);
		good = fetch(restore, name, directory);
	}
	free(directory);
	if (job_cancelled(restore->job))
		return false;
	if (json_array_size(restore->tail) > 0)
		job_log(restore->job, JOB_WARNING,
				"WAL that Barman has received but not archived as whole segments is restored as well: %s%s",
				json_string_value(json_array_get(restore->tail, 0)),
				json_array_size(restore->tail) > 1 ? " and what follows it" : "");
	return true;
}

/* False if there is none, which is no failure, or if the job was cancelled. */
static bool
fetch(Restore *restore, const char *name, const char *directory)
{
	int64_t size = restore_segment_size(restore->backup);
	char *path = mem_printf("%s/%s", directory, name);
	char *part = mem_printf("%s" PARTIAL, name);
	char *part_path = mem_printf("%s/%s", directory, part);
	struct stat status;
	bool good;

	/* get-wal looks in the archive too, which may have the partial segment after a failover */
	good = catalogue_has_wal(job_server(restore->job), part) &&
				   !catalogue_has_wal(job_server(restore->job), name)
			   ? get_wal(restore, part, directory) && rename(part_path, path) == 0
			   : get_wal(restore, name, directory);
	good = good && stat(path, &status) == 0;

	/* A file that is still written may be short; PostgreSQL accepts only whole segments. */
	if (good && status.st_size > size)
		good = false;
	if (good && status.st_size < size)
		good = truncate(path, size) == 0;
	if (good)
		json_array_append_new(restore->tail, json_text(name));
	else
	{
		unlink(path);
		unlink(part_path);
		if (!job_cancelled(restore->job))
			job_log(restore->job, JOB_WARNING,
					"Barman could not give segment %s: recovery ends before it", name);
	}
	free(part_path);
	free(part);
	free(path);
	return good;
}

static bool
get_wal(Restore *restore, const char *name, const char *directory)
{
	const char *command[] =
		{"get-wal", "--partial", "--output-directory", directory, job_server(restore->job),
		 name,		NULL};
	RunResult result;
	bool good = job_run(restore->job, command, GET_WAL_DEADLINE_MS, NULL, NULL, &result) &&
				result.outcome == RUN_EXITED && result.exit_code == 0;

	runner_free(&result);
	return good;
}

/* With a target, Barman has PostgreSQL fetch the WAL from a separate directory. */
char *
restore_wal_directory(const Restore *restore)
{
	char *own = mem_printf("%s/" INSTANCE_DATA "/barman_wal", restore->directory);
	struct stat status;

	if (stat(own, &status) == 0 && S_ISDIR(status.st_mode))
		return own;
	free(own);
	return mem_printf("%s/" INSTANCE_DATA "/pg_wal", restore->directory);
}

/* The last non-zero byte of a file, counted from 1; -1: it cannot be read */
static int64_t
file_end(const char *path)
{
	static const char zeros[BLOCK];
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *block;
	struct stat status;
	off_t end;
	ssize_t got = 0;

	if (file < 0 || fstat(file, &status) != 0)
	{
		if (file >= 0)
			close(file);
		return -1;
	}
	block = mem_alloc(BLOCK);
	for (end = status.st_size; end > 0; end -= got)
	{
		off_t from = (end - 1) / BLOCK * BLOCK;

		got = pread(file, block, (size_t) (end - from), from);
		if (got != (ssize_t) (end - from))
		{
			end = -1;
			break;
		}
		if (memcmp(block, zeros, (size_t) got) == 0)
			continue;
		while (block[got - 1] == '\0')
			got--;
		end = from + got;
		break;
	}
	free(block);
	close(file);
	return end;
}

static Received
newest_received(const char *server, int timeline, Job *job)
{
	char *newest = catalogue_newest_partial(server, timeline);
	char *whole = catalogue_newest_wal(server, timeline);
	Received received = {.is_archived = true};

	/* ignore a partial segment that has been archived whole since */
	if (newest != NULL && whole != NULL && strncmp(newest, whole, 24) <= 0)
	{
		free(newest);
		newest = NULL;
	}
	free(whole);
	if (newest != NULL)
		received.path = catalogue_wal_path(server, newest);
	for (const char *const *area = catalogue_received_areas; *area != NULL; area++)
	{
		char *directory = catalogue_directory(server, *area);
		char *name = directory != NULL ? newest_received_in(directory, timeline, newest, job) : NULL;

		if (name != NULL)
		{
			free(newest);
			newest = name;
			free(received.path);
			received.path = mem_printf("%s/%s", directory, name);
			received.is_archived = false;
		}
		free(directory);
	}
	if (received.path != NULL)
	{
		received.name = strrchr(received.path, '/') + 1;
		received.is_partial = newest[24] != '\0';
		received.is_compressed = received.is_partial &&
								 (strcmp(newest + 24, PARTIAL) != 0 ||
								  (received.is_archived && !is_plain(received.path)));
	}
	free(newest);
	return received;
}

/* malloc'd name; NULL if none is newer than known, which may be NULL */
static char *
newest_received_in(const char *directory, int timeline, const char *known, Job *job)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char prefix[9];
	char *newest = NULL;

	snprintf(prefix, sizeof(prefix), "%08X", (unsigned int) timeline);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		const char *name = entry->d_name;
		const char *before = newest != NULL ? newest : known;
		size_t digits = strspn(name, "0123456789ABCDEF");

		if (digits != 24 || (name[24] != '\0' && strstr(name + 24, PARTIAL) == NULL))
			continue;
		if (strncmp(name, prefix, 8) != 0)
		{
			if (strncmp(name, prefix, 8) > 0 && job != NULL)
				job_log(job, JOB_INFO, "%s is of another timeline and left out", name);
			continue;
		}
		/* prefer a whole segment to its partial file */
		if (before != NULL && (strncmp(name, before, 24) < 0 ||
							   (strncmp(name, before, 24) == 0 && strlen(name) > strlen(before))))
			continue;
		free(newest);
		newest = mem_strdup(name);
	}
	if (dir != NULL)
		closedir(dir);
	return newest;
}

/* Barman may compress its archive; a plain page of WAL begins with the magic number 0xD1xx. */
static bool
is_plain(const char *path)
{
	int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	unsigned char magic[2] = {0, 0};
	bool plain;

	if (file < 0)
		return false;
	plain = read(file, magic, sizeof(magic)) == sizeof(magic) &&
			(magic[0] == 0xD1 || magic[1] == 0xD1);
	close(file);
	return plain;
}

static bool
newest_in(const char *directory, int timeline, uint64_t per_log, uint64_t *segment)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char prefix[9];
	bool found = false;
	uint64_t one;

	snprintf(prefix, sizeof(prefix), "%08X", (unsigned int) timeline);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strlen(entry->d_name) != 24 || strncmp(entry->d_name, prefix, 8) != 0 ||
			!parse_name(entry->d_name, per_log, &one) || (found && one <= *segment))
			continue;
		*segment = one;
		found = true;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

/* The number of a segment among all, from a name that begins with the segment's */
static bool
parse_name(const char *name, uint64_t per_log, uint64_t *segment)
{
	unsigned int log;
	unsigned int number;

	if (strspn(name, "0123456789ABCDEF") < 24 || sscanf(name + 8, "%8X%8X", &log, &number) != 2)
		return false;
	*segment = log * per_log + number;
	return true;
}
