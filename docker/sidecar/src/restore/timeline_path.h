/*
 * timeline_path.h
 *
 * Which timeline leads to a position, and by which segments.
 */
#ifndef RESTORE_TIMELINE_PATH_H
#define RESTORE_TIMELINE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/timeline.h"
#include "restore/state.h"

/*
 * A timeline is left within a segment, which may be archived of the timeline
 * alone that went on from there.  If that is so of the target position, follow
 * the latter: up to the position they are the same.
 */
extern bool restore_follow_heir(Restore *restore);

/*
 * Is this segment of one of the timelines that lead to a timeline with this
 * history, and had that begun by then and not been left?  Of several of the same positions the
 * one of the newest timeline is read.
 */
extern bool restore_segment_is_on_way(const TimelinePart *parts, size_t count, int target, int64_t size, const char *name);

/* Does Barman, by its wide object, say that a backup's line goes on to it? */
extern bool restore_leads_to(const json_t *backup, int timeline);

#endif							/* RESTORE_TIMELINE_PATH_H */
