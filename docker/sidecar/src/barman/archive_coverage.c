/*
 * archive_coverage.c
 *
 * What the WAL archive of a server covers, and where it has gaps, by the names
 * of the segments and the history files.  Does not read segments.
 */
#include "barman/archive_coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/timeline.h"
#include "base/memory.h"

/* The archive, and what its timelines must have */
typedef struct Archive
{
	ArchiveListing listing;
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

static void find_ranges(Archive *archive);
static void start_by_history(const Archive *archive, Range *range);
static int64_t count_missing(Archive *archive, const ArchivedSegment *from);
static void reach(const Archive *archive, ArchivedSegment *segment);

bool
archive_coverage(const char *server, int64_t segment_size, const char *oldest, const char *latest,
				 ArchiveCoverage *coverage)
{
	Archive archive = {0};
	ArchivedSegment from;
	bool good;

	*coverage = (ArchiveCoverage){.missing = -1};
	good = archive_list(&archive.listing, server, segment_size);
	if (good)
	{
		coverage->segments = (int64_t) archive.listing.count;
		find_ranges(&archive);
	}
	if (good && archive.listing.count > 0)
	{
		const ArchivedSegment *newest = &archive.listing.segments[archive.listing.count - 1];

		archive_name_of_segment(&archive.listing, newest, coverage->newest);
		coverage->end = (newest->number + 1) * (uint64_t) segment_size;
		coverage->newest_time = archive_time_of(&archive.listing, newest);
	}
	if (good && oldest != NULL && archive_segment_of_name(&archive.listing, oldest, &from))
		coverage->missing = count_missing(&archive, &from);
	if (good && latest != NULL && archive_segment_of_name(&archive.listing, latest, &from) &&
		archive_has(&archive.listing, from.timeline, from.number))
	{
		reach(&archive, &from);
		coverage->reached_time = archive_time_of(&archive.listing, &from);
	}
	archive_list_free(&archive.listing);
	free(archive.ranges);
	return good;
}

/* What each timeline has, and where it should begin */
static void
find_ranges(Archive *archive)
{
	for (size_t i = 0; i < archive->listing.count; i++)
	{
		const ArchivedSegment *segment = &archive->listing.segments[i];
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
	char *path = mem_printf("%s/%08X.history", archive->listing.path, range->timeline);
	size_t count;
	TimelinePart *parts = timeline_read(path, &count);

	if (count > 0 && (uint32_t) parts[count - 1].timeline < range->timeline)
	{
		uint64_t start = parts[count - 1].end / archive->listing.segment_size;

		range->parent = (uint32_t) parts[count - 1].timeline;
		if (start < range->first)
			range->first = start;
	}
	free(parts);
	free(path);
}

/* From a segment on: in its timeline, and in those that are newer */
static int64_t
count_missing(Archive *archive, const ArchivedSegment *from)
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
	for (size_t i = 0; i < archive->listing.count; i++)
	{
		for (size_t n = 0; n < archive->range_count; n++)
		{
			Range *range = &archive->ranges[n];

			range->there += range->timeline == archive->listing.segments[i].timeline &&
							archive->listing.segments[i].number >= range->first;
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
reach(const Archive *archive, ArchivedSegment *segment)
{
	for (;;)
	{
		uint32_t next = archive_has(&archive->listing, segment->timeline, segment->number + 1)
							? segment->timeline
							: 0;

		for (size_t i = 0; i < archive->range_count; i++)
		{
			const Range *range = &archive->ranges[i];

			if (range->timeline > segment->timeline && range->parent == segment->timeline &&
				range->first <= segment->number + 1 &&
				archive_has(&archive->listing, range->timeline, segment->number + 1))
				next = range->timeline;
		}
		if (next == 0)
			return;
		segment->timeline = next;
		segment->number++;
	}
}
