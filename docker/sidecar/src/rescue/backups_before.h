/*
 * backups_before.h
 *
 * Which backup leads to a position.
 */
#ifndef RESCUE_BACKUPS_BEFORE_H
#define RESCUE_BACKUPS_BEFORE_H

#include <stdint.h>

#include "jobs/job.h"
#include "rescue/wal_path.h"

typedef struct BackupsBefore BackupsBefore;

/* Of the job's server; a backup whose end is not known leads nowhere. */
extern BackupsBefore *backups_before_new(Job *job, const WalPath *path);
extern void backups_before_free(BackupsBefore *backups);

/* The id of the newest backup that is complete before the position; NULL: none is */
extern const char *backups_before_find(const BackupsBefore *backups, uint64_t lsn);

#endif /* RESCUE_BACKUPS_BEFORE_H */
