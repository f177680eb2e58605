/*
 * recovery_reach.h
 *
 * How far a recovery got in the WAL that Barman had.
 */
#ifndef RESTORE_RECOVERY_REACH_H
#define RESTORE_RECOVERY_REACH_H

#include "restore/running_restore.h"

/* Whether the caller asked for all WAL there is */
extern bool restore_is_of_all(const Restore *restore);

/*
 * {archived_lsn, received_lsn, recovered_lsn, unreached_bytes,
 * unreached_seconds, tail}: how much the server has of Barman's WAL.  recovery
 * may be NULL.
 */
extern json_t *restore_reach(Restore *restore, const Recovery *recovery);

/* The same as text, to follow the recovered position: "; ..." or "" */
extern char *restore_reach_words(const json_t *reach);

/*
 * malloc'd: where the archive has a hole, if a recovery to its end stopped
 * before its last segment; NULL otherwise
 */
extern char *restore_hole(const Restore *restore, const Recovery *recovery);

#endif /* RESTORE_RECOVERY_REACH_H */
