/*
 * named_points.h
 *
 * How many restore points bear the name that a restore is to stop at.
 */
#ifndef RESTORE_NAMED_POINTS_H
#define RESTORE_NAMED_POINTS_H

#include "restore/state.h"

/*
 * Of a restore to a name that is no mark of its caller's: say where PostgreSQL
 * will stop.  False only if the job was cancelled.
 */
extern bool restore_count_points(Restore *restore);

#endif							/* RESTORE_NAMED_POINTS_H */
