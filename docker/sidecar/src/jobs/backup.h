/*
 * backup.h
 *
 * Taking a base backup.
 */
#ifndef JOBS_BACKUP_H
#define JOBS_BACKUP_H

#include "jobs/job.h"

/*
 * arguments: {incremental: id or null, name: text or null,
 * immediate_checkpoint: bool, timeout_seconds: int or null}, all checked.
 */
extern const JobKind job_backup;

#endif							/* JOBS_BACKUP_H */
