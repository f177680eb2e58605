/*
 * timeline_path.h
 *
 * Finds the timeline that leads to a position, and its segments.
 */
#ifndef RESTORE_TIMELINE_PATH_H
#define RESTORE_TIMELINE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/timeline.h"
#include "restore/running_restore.h"

/*
 * A timeline ends within a segment, which may be archived only for the
 * timeline that continues it.  If so for the target position, follow the
 * latter: up to the position they are the same.
 */
extern bool restore_follow_heir(Restore *restore);

/*
 * Whether this segment belongs to the part of a timeline that leads to the
 * target timeline, whose history is given.  Of several segments for the same
 * positions, PostgreSQL reads that of the newest timeline.
 */
extern bool restore_segment_is_on_way(const TimelinePart *parts, size_t count, int target,
									  int64_t size, const char *name);

/* Whether the backup leads to that timeline, by Barman's wide object */
extern bool restore_leads_to(const json_t *backup, int timeline);

#endif /* RESTORE_TIMELINE_PATH_H */
