/*
 * backup_wal.h
 *
 * The wait for the WAL that closes a backup.
 */
#ifndef JOBS_BACKUP_WAL_H
#define JOBS_BACKUP_WAL_H

#include "jobs/job.h"

/*
 * Ends the job when the backup is DONE, or failed, or the time is over.  error is
 * why it failed, as the run reported it, or NULL; waiting: the run reported that it
 * waits for WAL.
 */
extern void backup_await_wal(Job *job, const char *id, const char *error, bool waiting,
							 int64_t deadline);

#endif /* JOBS_BACKUP_WAL_H */
