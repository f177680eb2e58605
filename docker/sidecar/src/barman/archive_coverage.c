/*
 * archive_coverage.c
 *
 * What the WAL archive of a server covers, and where it has gaps, by the names
 * of the segments and the history files.  Does not read segments.
 */
#include "barman/archive_coverage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "barman/catalogue.h"
#include "barman/timeline.h"
#include "base/memory.h"

#define LOG_SIZE (INT64_C(1) << 32)

typedef struct Segment
{
	uint32_t timeline;
	uint64_t number; /* its position divided by its size */
} Segment;

/* The segments of the archive, sorted; and what its timelines must have */
typedef struct Archive
{
	char *path;
	uint64_t per_log; /* segments per 4 GB */
	Segment *segments;
	size_t count;
	size_t capacity;
	struct Range *ranges;
	size_t range_count;
} Archive;

/* The segments from first to last of a timeline should be there. */
typedef struct Range
{
	uint32_t timeline;
	uint32_t parent; /* 0: unknown */
	uint64_t first;
	uint64_t last;
	uint64_t there;
} Range;

static bool list_archive(Archive *archive);
static void list_log(Archive *archive, const char *log);
static bool segment_of_name(const Archive *archive, const char *name, Segment *segment);
static void name_of_segment(const Archive *archive, const Segment *segment,
							char name[SEGMENT_NAME_SIZE]);
static void find_ranges(Archive *archive);
static void start_by_history(const Archive *archive, Range *range);
static int64_t count_missing(Archive *archive, const Segment *from);
static void reach(const Archive *archive, Segment *segment);
static bool is_there(const Archive *archive, uint32_t timeline, uint64_t number);
static int64_t time_of(const Archive *archive, const Segment *segment);
static int compare_segments(const void *a, const void *b);

bool
archive_coverage(const char *server, int64_t segment_size, const char *oldest, const char *latest,
				 ArchiveCoverage *coverage)
{
	Archive archive = {.path = catalogue_directory(server, "wals"),
					   .per_log = (uint64_t) (LOG_SIZE / segment_size)};
	Segment from;
	bool good;

	*coverage = (ArchiveCoverage){.missing = -1};
	good = archive.path != NULL && list_archive(&archive);
	if (good)
	{
		coverage->segments = (int64_t) archive.count;
		find_ranges(&archive);
	}
	if (good && archive.count > 0)
	{
		const Segment *newest = &archive.segments[archive.count - 1];

		name_of_segment(&archive, newest, coverage->newest);
		coverage->end = (newest->number + 1) * (uint64_t) segment_size;
		coverage->newest_time = time_of(&archive, newest);
	}
	if (good && oldest != NULL && segment_of_name(&archive, oldest, &from))
		coverage->missing = count_missing(&archive, &from);
	if (good && latest != NULL && segment_of_name(&archive, latest, &from) &&
		is_there(&archive, from.timeline, from.number))
	{
		reach(&archive, &from);
		coverage->reached_time = time_of(&archive, &from);
	}
	free(archive.path);
	free(archive.segments);
	free(archive.ranges);
	return good;
}

static bool
list_archive(Archive *archive)
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
		qsort(archive->segments, archive->count, sizeof(Segment), compare_segments);
	return true;
}

static void
list_log(Archive *archive, const char *log)
{
	char *path = mem_printf("%s/%s", archive->path, log);
	DIR *dir = opendir(path);
	struct dirent *entry;
	Segment segment;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strncmp(entry->d_name, log, 16) != 0 ||
			!segment_of_name(archive, entry->d_name, &segment))
			continue;
		if (archive->count == archive->capacity)
		{
			archive->capacity = archive->capacity > 0 ? archive->capacity * 2 : 1024;
			archive->segments = mem_realloc(archive->segments, archive->capacity * sizeof(Segment));
		}
		archive->segments[archive->count++] = segment;
	}
	if (dir != NULL)
		closedir(dir);
	free(path);
}

/* False for what is no segment of this size, such as a .partial or .backup file */
static bool
segment_of_name(const Archive *archive, const char *name, Segment *segment)
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

static void
name_of_segment(const Archive *archive, const Segment *segment, char name[SEGMENT_NAME_SIZE])
{
	snprintf(name, SEGMENT_NAME_SIZE, "%08X%08X%08X", segment->timeline,
			 (unsigned int) (segment->number / archive->per_log),
			 (unsigned int) (segment->number % archive->per_log));
}

/* What each timeline has, and where it should begin */
static void
find_ranges(Archive *archive)
{
	for (size_t i = 0; i < archive->count; i++)
	{
		const Segment *segment = &archive->segments[i];
		Range *range;

		if (archive->range_count > 0 &&
			archive->ranges[archive->range_count - 1].timeline == segment->timeline)
		{
			archive->ranges[archive->range_count - 1].last = segment->number;
			continue;
		}
		archive->ranges = mem_realloc(archive->ranges, (archive->range_count + 1) * sizeof(Range));
		range = &archive->ranges[archive->range_count++];
		*range = (Range){segment->timeline, 0, segment->number, segment->number, 0};
		start_by_history(archive, range);
	}
}

/* A timeline begins with the segment in which it left its parent. */
static void
start_by_history(const Archive *archive, Range *range)
{
	char *path = mem_printf("%s/%08X.history", archive->path, range->timeline);
	size_t count;
	TimelinePart *parts = timeline_read(path, &count);

	if (count > 0 && (uint32_t) parts[count - 1].timeline < range->timeline)
	{
		uint64_t start = parts[count - 1].end / (uint64_t) (LOG_SIZE / (int64_t) archive->per_log);

		range->parent = (uint32_t) parts[count - 1].timeline;
		if (start < range->first)
			range->first = start;
	}
	free(parts);
	free(path);
}

/* From a segment on: in its timeline, and in those that are newer */
static int64_t
count_missing(Archive *archive, const Segment *from)
{
	uint64_t missing = 0;
	bool known = false;

	for (size_t i = 0; i < archive->range_count; i++)
	{
		Range *range = &archive->ranges[i];

		if (range->timeline == from->timeline)
		{
			known = true;
			range->first = from->number;
		}
		/* the parent must lead to where its child begins */
		for (size_t n = i + 1; n < archive->range_count; n++)
		{
			const Range *child = &archive->ranges[n];

			if (child->parent == range->timeline && child->first > range->last + 1)
				range->last = child->first - 1;
		}
	}
	for (size_t i = 0; i < archive->count; i++)
	{
		for (size_t n = 0; n < archive->range_count; n++)
		{
			Range *range = &archive->ranges[n];

			range->there += range->timeline == archive->segments[i].timeline &&
							archive->segments[i].number >= range->first;
		}
	}
	for (size_t i = 0; i < archive->range_count; i++)
	{
		const Range *range = &archive->ranges[i];

		if (range->timeline >= from->timeline && range->last >= range->first)
			missing += range->last - range->first + 1 - range->there;
	}
	/* without any segment of its timeline, its first one is missing at least */
	return (int64_t) (known ? missing : missing + 1);
}

/* Go on from a segment, to the newest timeline that continues it, until one is missing. */
static void
reach(const Archive *archive, Segment *segment)
{
	for (;;)
	{
		uint32_t next = is_there(archive, segment->timeline, segment->number + 1) ? segment->timeline
																				  : 0;

		for (size_t i = 0; i < archive->range_count; i++)
		{
			const Range *range = &archive->ranges[i];

			if (range->timeline > segment->timeline && range->parent == segment->timeline &&
				range->first <= segment->number + 1 &&
				is_there(archive, range->timeline, segment->number + 1))
				next = range->timeline;
		}
		if (next == 0)
			return;
		segment->timeline = next;
		segment->number++;
	}
}

static bool
is_there(const Archive *archive, uint32_t timeline, uint64_t number)
{
	Segment wanted = {timeline, number};

	return archive->count > 0 && bsearch(&wanted, archive->segments, archive->count,
										 sizeof(Segment), compare_segments) != NULL;
}

/* 0: unknown */
static int64_t
time_of(const Archive *archive, const Segment *segment)
{
	char name[SEGMENT_NAME_SIZE];
	char *path;
	struct stat facts;
	int64_t time = 0;

	name_of_segment(archive, segment, name);
	path = mem_printf("%s/%.16s/%s", archive->path, name, name);
	if (stat(path, &facts) == 0)
		time = (int64_t) facts.st_mtim.tv_sec * 1000000 + facts.st_mtim.tv_nsec / 1000;
	free(path);
	return time;
}

static int
compare_segments(const void *a, const void *b)
{
	const Segment *one = a;
	const Segment *other = b;

	if (one->timeline != other->timeline)
		return one->timeline < other->timeline ? -1 : 1;
	return one->number < other->number ? -1 : one->number > other->number;
}
