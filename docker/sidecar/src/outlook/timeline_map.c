/*
 * timeline_map.c
 *
 * Puts the segments of an archive together to runs without a gap, timeline by
 * timeline, and follows the ways that lead from one timeline to another.  Reads
 * the histories, but no segment.
 */
#include "outlook/timeline_map.h"

#include <stdio.h>
#include <stdlib.h>

#include "barman/lsn.h"
#include "base/memory.h"

static void inherit(const TimelineMap *map, MappedTimeline *timeline, const TimelinePart *part);
static void add_timeline(TimelineMap *map, uint32_t timeline);
static void add_segment(MappedTimeline *timeline, uint64_t number);
static uint64_t begin_of(const TimelineMap *map, const MappedTimeline *to, size_t part);

bool
timeline_map_read(TimelineMap *map, const char *server, int64_t segment_size)
{
	*map = (TimelineMap){0};
	if (!archive_list(&map->listing, server, segment_size))
		return false;
	for (size_t i = 0; i < map->listing.count; i++)
	{
		const ArchivedSegment *segment = &map->listing.segments[i];

		if (map->count == 0 || map->timelines[map->count - 1].timeline != segment->timeline)
			add_timeline(map, segment->timeline);
		add_segment(&map->timelines[map->count - 1], segment->number);
	}
	return true;
}

void
timeline_map_free(TimelineMap *map)
{
	for (size_t i = 0; i < map->count; i++)
	{
		free(map->timelines[i].parts);
		free(map->timelines[i].runs);
	}
	free(map->timelines);
	archive_list_free(&map->listing);
	*map = (TimelineMap){0};
}

void
timeline_map_of_json(TimelineMap *map, const json_t *archive, int64_t segment_size)
{
	const json_t *one;
	const json_t *run;
	size_t i;
	size_t n;

	*map = (TimelineMap){.listing = {.segment_size = (uint64_t) segment_size,
									 .per_log = UINT64_C(0x100000000) / (uint64_t) segment_size}};
	json_array_foreach (archive, i, one)
	{
		uint32_t number = (uint32_t) json_integer_value(json_object_get(one, "timeline"));
		const char *fork = json_text_of(one, "fork_lsn");
		int parent = (int) json_integer_value(json_object_get(one, "parent_timeline"));
		TimelinePart part = {.timeline = parent};
		MappedTimeline *timeline;

		map->timelines = mem_realloc(map->timelines, (map->count + 1) * sizeof(MappedTimeline));
		timeline = &map->timelines[map->count];
		*timeline = (MappedTimeline){.timeline = number};
		if (fork != NULL && lsn_parse(fork, &part.end))
			inherit(map, timeline, &part);
		map->count++;
		json_array_foreach (json_object_get(one, "runs"), n, run)
		{
			ArchivedSegment first;
			ArchivedSegment last;

			if (!archive_segment_of_name(&map->listing, json_text_of(run, "first_wal"), &first) ||
				!archive_segment_of_name(&map->listing, json_text_of(run, "last_wal"), &last))
				continue;
			add_segment(timeline, first.number);
			timeline->runs[timeline->run_count - 1].last = last.number;
		}
	}
}

/* The parts of the parent, which comes before, and the parent itself */
static void
inherit(const TimelineMap *map, MappedTimeline *timeline, const TimelinePart *part)
{
	const MappedTimeline *parent = timeline_map_find(map, (uint32_t) part->timeline);
	size_t count = parent != NULL ? parent->part_count : 0;

	timeline->parts = mem_alloc((count + 1) * sizeof(TimelinePart));
	for (size_t i = 0; i < count; i++)
		timeline->parts[i] = parent->parts[i];
	timeline->parts[count] = *part;
	timeline->part_count = count + 1;
}

static void
add_timeline(TimelineMap *map, uint32_t timeline)
{
	char *path = mem_printf("%s/%08X.history", map->listing.path, timeline);
	MappedTimeline *one;

	map->timelines = mem_realloc(map->timelines, (map->count + 1) * sizeof(MappedTimeline));
	one = &map->timelines[map->count++];
	*one = (MappedTimeline){.timeline = timeline};
	one->parts = timeline_read(path, &one->part_count);
	free(path);
}

/* They come in order. */
static void
add_segment(MappedTimeline *timeline, uint64_t number)
{
	SegmentRun *last = timeline->run_count > 0 ? &timeline->runs[timeline->run_count - 1] : NULL;

	if (last != NULL && last->last + 1 == number)
	{
		last->last = number;
		return;
	}
	if ((timeline->run_count & (timeline->run_count - 1)) == 0)
		timeline->runs = mem_realloc(timeline->runs,
									 (timeline->run_count > 0 ? timeline->run_count * 2 : 1) *
										 sizeof(SegmentRun));
	timeline->runs[timeline->run_count++] = (SegmentRun){number, number};
}

const MappedTimeline *
timeline_map_find(const TimelineMap *map, uint32_t timeline)
{
	for (size_t i = 0; i < map->count; i++)
	{
		if (map->timelines[i].timeline == timeline)
			return &map->timelines[i];
	}
	return NULL;
}

bool
timeline_map_fork(const MappedTimeline *timeline, uint32_t *parent, uint64_t *position)
{
	const TimelinePart *last;

	if (timeline->part_count == 0)
		return false;
	last = &timeline->parts[timeline->part_count - 1];
	*parent = (uint32_t) last->timeline;
	*position = last->end;
	return *parent < timeline->timeline;
}

bool
timeline_map_leads(const MappedTimeline *to, uint32_t timeline, uint64_t position)
{
	if (to->timeline == timeline)
		return true;
	for (size_t i = 0; i < to->part_count; i++)
	{
		if ((uint32_t) to->parts[i].timeline == timeline)
			return position <= to->parts[i].end;
	}
	return false;
}

/* The segment with which a part of the way begins; part_count is the timeline itself. */
static uint64_t
begin_of(const TimelineMap *map, const MappedTimeline *to, size_t part)
{
	return part == 0 ? 0 : to->parts[part - 1].end / map->listing.segment_size;
}

uint32_t
timeline_map_owner(const TimelineMap *map, const MappedTimeline *to, uint64_t number)
{
	size_t part = to->part_count;

	while (part > 0 && number < begin_of(map, to, part))
		part--;
	return part == to->part_count ? to->timeline : (uint32_t) to->parts[part].timeline;
}

uint64_t
timeline_map_first_missing(const TimelineMap *map, const MappedTimeline *to, uint64_t number)
{
	for (;;)
	{
		uint32_t owner = timeline_map_owner(map, to, number);
		const MappedTimeline *timeline = timeline_map_find(map, owner);
		const SegmentRun *run = timeline != NULL ? timeline_map_run(timeline, number) : NULL;
		uint64_t next;

		if (run == NULL)
			return number;
		/* the end of the run, or where the next timeline takes over */
		next = run->last + 1;
		for (size_t part = 1; part <= to->part_count; part++)
		{
			uint64_t begin = begin_of(map, to, part);

			if (begin > number && begin < next)
				next = begin;
		}
		number = next;
	}
}

const SegmentRun *
timeline_map_run(const MappedTimeline *timeline, uint64_t number)
{
	size_t low = 0;
	size_t high = timeline->run_count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (timeline->runs[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < timeline->run_count && timeline->runs[low].first <= number ? &timeline->runs[low]
																			: NULL;
}
