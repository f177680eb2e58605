/*
 * backup_wal.h
 *
 * The wait for the WAL that closes a backup.
 */
#ifndef JOBS_BACKUP_WAL_H
#define JOBS_BACKUP_WAL_H

#include <stdint.h>

#include <jansson.h>

#include "jobs/job.h"

/*
 * Ends the job when the backup is DONE, or failed, or the time is over; run is
 * what barman_parse_backup_run() returned.
 */
extern void backup_await_wal(Job *job, const json_t *run, int64_t deadline);

#endif /* JOBS_BACKUP_WAL_H */
