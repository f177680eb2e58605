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
typedef struct ArchiveRun
{
	uint64_t first;
	uint64_t last;
} ArchiveRun;

typedef struct ArchiveTimeline
{
	uint32_t timeline;
	TimelinePart *parts; /* the earlier ones that lead to it, the oldest first */
	size_t part_count;
	ArchiveRun *runs;
	size_t run_count;
} ArchiveTimeline;

typedef struct ArchiveMap
{
	ArchiveListing listing;
	ArchiveTimeline *timelines; /* by their numbers */
	size_t count;
} ArchiveMap;

/* False, and nothing to free, if the archive cannot be listed.  May hang with the file system. */
extern bool archive_map_read(ArchiveMap *map, const char *server, int64_t segment_size);
extern void archive_map_free(ArchiveMap *map);

/* The same from the member archive of the answer of windows_read() */
extern void archive_map_of_json(ArchiveMap *map, const json_t *archive, int64_t segment_size);

/* NULL: nothing of it is archived */
extern const ArchiveTimeline *archive_map_find(const ArchiveMap *map, uint32_t timeline);

/* Where a timeline left its parent; false if it has none, or if that is not known */
extern bool archive_map_fork(const ArchiveTimeline *timeline, uint32_t *parent, uint64_t *position);

/* Whether what was consistent on a timeline at a position can be recovered to another timeline */
extern bool archive_map_leads(const ArchiveTimeline *to, uint32_t timeline, uint64_t position);

/* The timeline whose segment of this number recovery to a timeline reads */
extern uint32_t archive_map_owner(const ArchiveMap *map, const ArchiveTimeline *to, uint64_t number);

/* The first segment from this one on that is missing on the way to a timeline */
extern uint64_t archive_map_first_missing(const ArchiveMap *map, const ArchiveTimeline *to,
										  uint64_t number);

/* NULL: it is missing */
extern const ArchiveRun *archive_map_run(const ArchiveTimeline *timeline, uint64_t number);

#endif /* OUTLOOK_TIMELINE_MAP_H */
