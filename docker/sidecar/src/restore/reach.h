/*
 * reach.h
 *
 * How far a recovery came, of what Barman had.
 */
#ifndef RESTORE_REACH_H
#define RESTORE_REACH_H

#include "restore/state.h"

/* Has nobody asked for less than all there is? */
extern bool restore_is_of_all(const Restore *restore);

/*
 * {archived_lsn, received_lsn, recovered_lsn, unreached_bytes,
 * unreached_seconds, tail}: what the server has of what Barman had.  recovery
 * may be NULL.
 */
extern json_t *restore_reach(Restore *restore, const Recovery *recovery);

/* The same in words, after what was recovered: "; ..." or "" */
extern char *restore_reach_words(const json_t *reach);

/*
 * malloc'd: where the archive breaks off, if a recovery to its end has ended
 * before its last segment began; NULL if it has not
 */
extern char *restore_hole(const Restore *restore, const Recovery *recovery);

#endif							/* RESTORE_REACH_H */
