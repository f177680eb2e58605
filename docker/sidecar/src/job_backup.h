/*
 * job_backup.h
 *
 * Taking a base backup.
 */
#ifndef JOB_BACKUP_H
#define JOB_BACKUP_H

#include "job.h"

/*
 * arguments: {incremental: id or null, name: text or null,
 * immediate_checkpoint: bool, timeout_seconds: int or null}, all checked.
 */
extern const JobKind job_backup;

#endif							/* JOB_BACKUP_H */
