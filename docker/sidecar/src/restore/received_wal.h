/*
 * received_wal.h
 *
 * The WAL that Barman has received and not archived.
 */
#ifndef RESTORE_RECEIVED_WAL_H
#define RESTORE_RECEIVED_WAL_H

#include "restore/state.h"

/* Look how far the archive and the receiver have come, before Barman copies. */
extern void restore_look_at_tail(Restore *restore);

/* Does what was received, but is not archived, reach the target position? */
extern bool restore_tail_has(const Restore *restore, uint64_t lsn);

/*
 * Bring what is received and not archived to where the restored server looks
 * for WAL, if the restore is to have it.
 */
extern bool restore_take_tail(Restore *restore);

/* malloc'd: where Barman has put the WAL for the restored server */
extern char *restore_wal_directory(const Restore *restore);

#endif							/* RESTORE_RECEIVED_WAL_H */
