/*
 * archive_listing.c
 *
 * Lists the WAL archive of a server by the names of its files.  Does not read
 * segments.
 */
#include "barman/archive_listing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "barman/catalogue.h"
#include "base/memory.h"

#define LOG_SIZE (INT64_C(1) << 32)

static bool list_archive(ArchiveListing *archive);
static void list_log(ArchiveListing *archive, const char *log);
static int compare_segments(const void *a, const void *b);

bool
archive_list(ArchiveListing *archive, const char *server, int64_t segment_size)
{
	*archive = (ArchiveListing){.path = catalogue_directory(server, "wals"),
								.segment_size = (uint64_t) segment_size,
								.per_log = (uint64_t) (LOG_SIZE / segment_size)};
	if (archive->path != NULL && list_archive(archive))
		return true;
	archive_list_free(archive);
	return false;
}

void
archive_list_free(ArchiveListing *archive)
{
	free(archive->path);
	free(archive->segments);
	*archive = (ArchiveListing){0};
}

static bool
list_archive(ArchiveListing *archive)
{
	DIR *dir = opendir(archive->path);
	struct dirent *entry;

	if (dir == NULL)
		return false;
	while ((entry = readdir(dir)) != NULL)
	{
		if (strlen(entry->d_name) == 16 && strspn(entry->d_name, "0123456789ABCDEF") == 16)
			list_log(archive, entry->d_name);
	}
	closedir(dir);
	if (archive->count > 0)
		qsort(archive->segments, archive->count, sizeof(ArchivedSegment), compare_segments);
	return true;
}

static void
list_log(ArchiveListing *archive, const char *log)
{
	char *path = mem_printf("%s/%s", archive->path, log);
	DIR *dir = opendir(path);
	struct dirent *entry;
	ArchivedSegment segment;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strncmp(entry->d_name, log, 16) != 0 ||
			!archive_segment_of_name(archive, entry->d_name, &segment))
			continue;
		if (archive->count == archive->capacity)
		{
			archive->capacity = archive->capacity > 0 ? archive->capacity * 2 : 1024;
			archive->segments = mem_realloc(archive->segments,
											archive->capacity * sizeof(ArchivedSegment));
		}
		archive->segments[archive->count++] = segment;
	}
	if (dir != NULL)
		closedir(dir);
	free(path);
}

bool
archive_segment_of_name(const ArchiveListing *archive, const char *name, ArchivedSegment *segment)
{
	unsigned int timeline;
	unsigned int log;
	unsigned int number;

	if (strlen(name) != 24 || strspn(name, "0123456789ABCDEF") != 24 ||
		sscanf(name, "%8X%8X%8X", &timeline, &log, &number) != 3 || number >= archive->per_log)
		return false;
	segment->timeline = timeline;
	segment->number = (uint64_t) log * archive->per_log + number;
	return true;
}

void
archive_name_of_segment(const ArchiveListing *archive, const ArchivedSegment *segment,
						char name[SEGMENT_NAME_SIZE])
{
	snprintf(name, SEGMENT_NAME_SIZE, "%08X%08X%08X", segment->timeline,
			 (unsigned int) (segment->number / archive->per_log),
			 (unsigned int) (segment->number % archive->per_log));
}

bool
archive_has(const ArchiveListing *archive, uint32_t timeline, uint64_t number)
{
	ArchivedSegment wanted = {timeline, number};

	return archive->count > 0 && bsearch(&wanted, archive->segments, archive->count,
										 sizeof(ArchivedSegment), compare_segments) != NULL;
}

char *
archive_path_of(const ArchiveListing *archive, const ArchivedSegment *segment)
{
	char name[SEGMENT_NAME_SIZE];

	archive_name_of_segment(archive, segment, name);
	return mem_printf("%s/%.16s/%s", archive->path, name, name);
}

int64_t
archive_time_of(const ArchiveListing *archive, const ArchivedSegment *segment)
{
	char *path = archive_path_of(archive, segment);
	struct stat facts;
	int64_t time = 0;

	if (stat(path, &facts) == 0)
		time = (int64_t) facts.st_mtim.tv_sec * 1000000 + facts.st_mtim.tv_nsec / 1000;
	free(path);
	return time;
}

static int
compare_segments(const void *a, const void *b)
{
	const ArchivedSegment *one = a;
	const ArchivedSegment *other = b;

	if (one->timeline != other->timeline)
		return one->timeline < other->timeline ? -1 : 1;
	return one->number < other->number ? -1 : one->number > other->number;
}
