/*
 * backup_to_instance.h
 *
 * Restoring a backup to an instance, and dropping one.
 */
#ifndef RESTORE_BACKUP_TO_INSTANCE_H
#define RESTORE_BACKUP_TO_INSTANCE_H

#include "jobs/job.h"

/*
 * arguments: {instance: claimed, backup_id and target_timeline as
 * restore_choose() leaves them, target_name, target_time, target_lsn,
 * target_xid: text or null, immediate, start: bool, wal_file,
 * system_identifier: text or null}, all checked.
 */
extern const JobKind job_restore;

/*
 * Restore, ask and remove.  arguments: of the above instance, backup_id,
 * target_lsn, wal_file, system_identifier and target_timeline; refused: the
 * error of restore_choose() if nothing can be restored; keep: bool, and what
 * drill_examine() asks: database, superuser, schema (where the extension is):
 * text, superusers, tables, sequences, asserts: lists or null.
 */
extern const JobKind job_drill;

/* arguments: {instance: claimed to drop} */
extern const JobKind job_drop_instance;

#endif							/* RESTORE_BACKUP_TO_INSTANCE_H */
