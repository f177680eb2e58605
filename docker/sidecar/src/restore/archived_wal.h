/*
 * archived_wal.h
 *
 * The WAL that a restore needs.
 */
#ifndef RESTORE_ARCHIVED_WAL_H
#define RESTORE_ARCHIVED_WAL_H

#include "restore/running_restore.h"

extern bool restore_bring_wal(Restore *restore);
extern bool restore_timeline_is_reached(Restore *restore);
extern bool restore_target_is_archived(Restore *restore);

#endif /* RESTORE_ARCHIVED_WAL_H */
