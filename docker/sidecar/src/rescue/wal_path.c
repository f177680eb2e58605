/*
 * wal_path.c
 *
 * Lists Barman's directories of WAL.  Of several files for one segment the
 * newest timeline's has all WAL of the others, and an archived file more than
 * one that is still received.
 */
#include "rescue/wal_path.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "base/memory.h"
#include "rescue/wal_fetch.h"
#include "restore/timeline_path.h"
#include "wal/page_header.h"
#include "wal/segment_file.h"

#define PARTIAL		".partial"
#define NAME_LENGTH 24

/* A history has a few lines. */
#define GET_HISTORY_DEADLINE_MS 60000

/* Each takes Barman a second; one that cannot be had may be damaged. */
#define FETCHES 3

/* Whatever has not this many digits is no directory of segments. */
#define DIRECTORY_LENGTH 16

static void list_archive(WalPath *path, const char *wals);
static void list_directory(WalPath *path, const char *directory);
static void add(WalPath *path, const char *directory, const char *name);
static bool is_hexadecimal(const char *text, size_t length);
static uint64_t size_of_segments(const WalPath *path);
static uint64_t size_of_fetched(Job *job, const WalPath *path);
static uint64_t size_in(SegmentFile *file);
static void refuse_unread(Job *job, const WalPath *path);
static bool read_history(Job *job, WalPath *path);
static void keep_way(WalPath *path);
static bool is_of_path(const WalPath *path, const char *name);
static int by_position(const void *left, const void *right);

bool
wal_path_find(Job *job, WalPath *path)
{
	char *wals = catalogue_directory(job_server(job), "wals");

	*path = (WalPath){0};
	if (wals != NULL)
		list_archive(path, wals);
	free(wals);
	for (const char *const *area = catalogue_received_areas; *area != NULL; area++)
	{
		char *directory = catalogue_directory(job_server(job), *area);

		if (directory != NULL)
			list_directory(path, directory);
		free(directory);
	}
	path->segment_size = size_of_segments(path);
	if (path->segment_size == 0)
		path->segment_size = size_of_fetched(job, path);
	if (path->segment_size == 0)
	{
		refuse_unread(job, path);
		wal_path_free(path);
		return false;
	}
	if (!read_history(job, path))
	{
		wal_path_free(path);
		return false;
	}
	keep_way(path);
	return true;
}

void
wal_path_free(WalPath *path)
{
	for (size_t i = 0; i < path->count; i++)
		free(path->files[i].path);
	free(path->files);
	free(path->parts);
	*path = (WalPath){0};
}

int
wal_path_timeline(const WalPath *path, uint64_t lsn)
{
	for (size_t i = 0; i < path->part_count; i++)
	{
		if (lsn < path->parts[i].end)
			return path->parts[i].timeline;
	}
	return path->timeline;
}

/* Barman has a directory for each 4 GB of a timeline. */
static void
list_archive(WalPath *path, const char *wals)
{
	DIR *dir = opendir(wals);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		char *directory;

		if (strlen(entry->d_name) != DIRECTORY_LENGTH ||
			!is_hexadecimal(entry->d_name, DIRECTORY_LENGTH))
			continue;
		directory = mem_printf("%s/%s", wals, entry->d_name);
		list_directory(path, directory);
		free(directory);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
list_directory(WalPath *path, const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		const char *name = entry->d_name;

		if (strlen(name) >= NAME_LENGTH && is_hexadecimal(name, NAME_LENGTH) &&
			(name[NAME_LENGTH] == '\0' || strcmp(name + NAME_LENGTH, PARTIAL) == 0))
			add(path, directory, name);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
add(WalPath *path, const char *directory, const char *name)
{
	WalPathFile *file;

	if ((path->count & (path->count - 1)) == 0)
		path->files = mem_realloc(path->files,
								  (path->count > 0 ? path->count * 2 : 1) * sizeof(WalPathFile));
	file = &path->files[path->count++];
	*file = (WalPathFile){.path = mem_printf("%s/%s", directory, name),
						  .is_partial = name[NAME_LENGTH] != '\0'};
	memcpy(file->name, name, NAME_LENGTH);
}

static bool
is_hexadecimal(const char *text, size_t length)
{
	return strspn(text, "0123456789ABCDEF") >= length;
}

/* As the first file says that can be read; 0: none can be */
static uint64_t
size_of_segments(const WalPath *path)
{
	uint64_t size = 0;

	for (size_t i = 0; i < path->count && size == 0; i++)
	{
		SegmentError error;

		size = size_in(segment_file_open(path->files[i].path, &error));
	}
	return size;
}

/* Of an archive that is encrypted as a whole, as Barman returns one of the segments; 0: it returns none */
static uint64_t
size_of_fetched(Job *job, const WalPath *path)
{
	uint64_t size = 0;
	int tries = FETCHES;

	for (size_t i = path->count; i > 0 && size == 0 && tries > 0; i--)
	{
		SegmentError error = {0};

		if (path->files[i - 1].is_partial)
			continue;
		tries--;
		size = size_in(wal_fetch(job, path->files[i - 1].name, &error));
	}
	return size;
}

/* Closes the file. */
static uint64_t
size_in(SegmentFile *file)
{
	uint8_t page[WAL_PAGE_SIZE];
	PageHeader header;
	SegmentError error;
	uint64_t size = 0;

	if (file != NULL && segment_file_read(file, page, sizeof(page), &error) == (long) sizeof(page) &&
		page_header_read(page, &header) && header.is_long &&
		wal_segment_size_is_valid(header.segment_size))
		size = header.segment_size;
	segment_file_close(file);
	return size;
}

static void
refuse_unread(Job *job, const WalPath *path)
{
	if (path->count == 0)
		job_fail(job, BARMAN_WRONG_STATE, "Barman has no WAL of this server", NULL,
				 "SELECT * FROM poc_check() tells why none arrives.");
	else
		job_fail(job, BARMAN_WRONG_STATE, "Barman has no WAL of this server that can be read",
				 "Its files are no WAL as they are, and \"barman get-wal\" returns none either.",
				 "If they are encrypted, set encryption_passphrase_command in Barman's configuration; \"barman get-wal\" says what else is wrong.");
}

/* Barman returns a history as PostgreSQL has written it, however it is archived. */
static bool
read_history(Job *job, WalPath *path)
{
	int newest = catalogue_newest_history(job_server(job));
	char *name;
	RunResult result;
	bool going_on;

	path->timeline = newest > 0 ? newest : 1;
	for (size_t i = 0; i < path->count; i++)
	{
		unsigned int timeline;

		if (sscanf(path->files[i].name, "%8X", &timeline) == 1 && timeline <= INT32_MAX &&
			(int) timeline > path->timeline)
			path->timeline = (int) timeline;
	}
	if (path->timeline == 1)
		return true;
	name = mem_printf("%08X.history", (unsigned int) path->timeline);
	{
		const char *command[] = {"get-wal", job_server(job), name, NULL};

		going_on = job_run(job, command, GET_HISTORY_DEADLINE_MS, NULL, NULL, &result);
		if (going_on && result.outcome == RUN_EXITED && result.exit_code == 0)
			path->parts = timeline_parse(result.out, &path->part_count);
		runner_free(&result);
	}
	if (going_on && path->part_count == 0)
		job_log(job, JOB_WARNING,
				"the history of timeline %d (%s) cannot be had: only what Barman has of this timeline itself is searched",
				path->timeline, name);
	free(name);
	return going_on;
}

/* Drops what is of other timelines, and of each segment all files but one. */
static void
keep_way(WalPath *path)
{
	uint64_t per_log = UINT64_C(0x100000000) / path->segment_size;
	size_t kept = 0;

	for (size_t i = 0; i < path->count; i++)
	{
		unsigned int log;
		unsigned int segment;

		if (sscanf(path->files[i].name + 8, "%8X%8X", &log, &segment) == 2)
			path->files[i].number = (uint64_t) log * per_log + segment;
	}
	if (path->count > 0)
		qsort(path->files, path->count, sizeof(WalPathFile), by_position);
	for (size_t i = 0; i < path->count; i++)
	{
		WalPathFile *file = &path->files[i];
		bool is_on_way = is_of_path(path, file->name);

		if (is_on_way && (kept == 0 || path->files[kept - 1].number != file->number))
			path->files[kept++] = *file;
		else
		{
			path->elsewhere += !is_on_way;
			free(file->path);
		}
	}
	path->count = kept;
}

/* Without a history, only the newest timeline itself is known. */
static bool
is_of_path(const WalPath *path, const char *name)
{
	unsigned int timeline;

	if (path->part_count == 0)
		return sscanf(name, "%8X", &timeline) == 1 && (int) timeline == path->timeline;
	return restore_segment_is_on_way(path->parts, path->part_count, path->timeline,
									 (int64_t) path->segment_size, name);
}

/* The best file of a segment comes first. */
static int
by_position(const void *left, const void *right)
{
	const WalPathFile *a = left;
	const WalPathFile *b = right;
	int order;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	order = strncmp(b->name, a->name, 8);
	return order != 0 ? order : (int) a->is_partial - (int) b->is_partial;
}
