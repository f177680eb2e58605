/*
 * timeline_map.h
 *
 * The timelines of an archive: where each left its parent, and which segments
 * of it are there without a gap.
 */
#ifndef OUTLOOK_TIMELINE_MAP_H
#define OUTLOOK_TIMELINE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "barman/archive_listing.h"
#include "barman/timeline.h"

/* Segments without a gap between them, by their numbers */
typedef struct SegmentRun
{
	uint64_t first;
	uint64_t last;
} SegmentRun;

typedef struct MappedTimeline
{
	uint32_t timeline;
	TimelinePart *parts; /* the earlier ones that lead to it, the oldest first */
	size_t part_count;
	SegmentRun *runs;
	size_t run_count;
} MappedTimeline;

typedef struct TimelineMap
{
	ArchiveListing listing;
	MappedTimeline *timelines; /* by their numbers */
	size_t count;
} TimelineMap;

/* False, and nothing to free, if the archive cannot be listed.  May hang with the file system. */
extern bool timeline_map_read(TimelineMap *map, const char *server, int64_t segment_size);
extern void timeline_map_free(TimelineMap *map);

/* The same from the member archive of the answer of windows_read() */
extern void timeline_map_of_json(TimelineMap *map, const json_t *archive, int64_t segment_size);

/* NULL: nothing of it is archived */
extern const MappedTimeline *timeline_map_find(const TimelineMap *map, uint32_t timeline);

/* Where a timeline left its parent; false if it has none, or if that is not known */
extern bool timeline_map_fork(const MappedTimeline *timeline, uint32_t *parent, uint64_t *position);

/* Whether what was consistent on a timeline at a position can be recovered to another timeline */
extern bool timeline_map_leads(const MappedTimeline *to, uint32_t timeline, uint64_t position);

/* The timeline whose segment of this number recovery to a timeline reads */
extern uint32_t timeline_map_owner(const TimelineMap *map, const MappedTimeline *to, uint64_t number);

/* The first segment from this one on that is missing on the way to a timeline */
extern uint64_t timeline_map_first_missing(const TimelineMap *map, const MappedTimeline *to,
										   uint64_t number);

/* NULL: it is missing */
extern const SegmentRun *timeline_map_run(const MappedTimeline *timeline, uint64_t number);

#endif /* OUTLOOK_TIMELINE_MAP_H */
