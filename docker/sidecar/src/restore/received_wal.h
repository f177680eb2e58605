/*
 * received_wal.h
 *
 * The WAL that Barman has received but not archived.
 */
#ifndef RESTORE_RECEIVED_WAL_H
#define RESTORE_RECEIVED_WAL_H

#include "restore/running_restore.h"

/* The ends of the WAL of a timeline, as positions; 0: not known */
typedef struct WalTail
{
	uint64_t archived_end;
	uint64_t received_end;
	bool unknown; /* the last file is compressed */
	int64_t at;	  /* when the last file was written, in microseconds; 0: not known */
} WalTail;

/* How far archive and receiver are.  The job, which may be NULL, is told what is left out. */
extern WalTail restore_wal_tail(const char *server, int timeline, int64_t segment_size, Job *job);

/* Finds out how far archive and receiver are, before Barman copies. */
extern void restore_look_at_tail(Restore *restore);

/* Whether WAL that was received, but not archived, reaches the target position */
extern bool restore_tail_has(const Restore *restore, uint64_t lsn);

/*
 * Copies WAL that was received but not archived to where the restored server
 * looks for it, if the restore needs it.
 */
extern bool restore_take_tail(Restore *restore);

/* malloc'd: the directory in which Barman puts WAL for the restored server */
extern char *restore_wal_directory(const Restore *restore);

#endif /* RESTORE_RECEIVED_WAL_H */
