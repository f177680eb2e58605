/*
 * named_points.h
 *
 * Counts the restore points of the name at which a restore stops.
 */
#ifndef RESTORE_NAMED_POINTS_H
#define RESTORE_NAMED_POINTS_H

#include "restore/running_restore.h"

/*
 * If a restore stops at a name that is no mark of the caller, logs where
 * PostgreSQL will stop.  False only if the job was cancelled.
 */
extern bool restore_count_points(Restore *restore);

#endif /* RESTORE_NAMED_POINTS_H */
