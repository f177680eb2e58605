/*
 * reachable.h
 *
 * Which parts of an archive can be reached from a backup.
 */
#ifndef OUTLOOK_REACHABLE_H
#define OUTLOOK_REACHABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "outlook/timeline_map.h"

/*
 * A part of a timeline that can be reached, without a gap; or a backup that
 * cannot be restored, because its own WAL is missing: not open.
 */
typedef struct Window
{
	uint32_t timeline;
	bool is_open;
	uint32_t parent;   /* it begins where the timeline left this one; 0: with a backup */
	const char *start; /* the end_time of that backup, or NULL; belongs to the backups */
	uint64_t from;
	uint64_t until; /* the end of the last segment, or where the next timeline left this one */
	bool forks;		/* the latter */
	uint64_t first; /* of its segments */
	uint64_t last;
	json_t *backups; /* the ids of those that end in it, the oldest first */
	bool has_gap;	 /* behind it; of one that is not open, in the WAL of the backup */
	uint32_t gap_timeline;
	uint64_t gap_first;
	uint64_t gap_last;
	const char *detail; /* static, or NULL */
} Window;

typedef struct Reachable
{
	const TimelineMap *map;
	Window *windows; /* by timeline and position */
	size_t count;
} Reachable;

/*
 * backups: newest first, with what is recorded of each; but not those whose ids
 * are in the array without (or NULL).  Both must outlive the windows.
 */
extern void reachable_find(Reachable *reachable, const TimelineMap *map, const char *server,
						   const json_t *backups, const json_t *without);
extern void reachable_free(Reachable *reachable);

/* The window of the same segments, or NULL */
extern const Window *reachable_same(const Reachable *reachable, const Window *window);

#endif /* OUTLOOK_REACHABLE_H */
