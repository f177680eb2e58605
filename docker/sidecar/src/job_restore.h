/*
 * job_restore.h
 *
 * Restoring a backup to an instance, and dropping one.
 */
#ifndef JOB_RESTORE_H
#define JOB_RESTORE_H

#include "job.h"

/*
 * arguments: {instance: claimed, backup_id: of a backup that exists, pinned:
 * bool (else an older one may be taken), target_name, target_time,
 * target_lsn, target_xid: text or null, immediate, start: bool, wal_file,
 * system_identifier: text or null}, all checked.
 */
extern const JobKind job_restore;

/*
 * Restore, ask and remove.  arguments: of the above instance, backup_id,
 * pinned, target_lsn, wal_file and system_identifier; keep: bool, and what
 * drill_examine() asks: database, superuser, schema (where the extension is):
 * text, tables, asserts: lists or null.
 */
extern const JobKind job_drill;

/* arguments: {instance: claimed to drop} */
extern const JobKind job_drop_instance;

/* "0/3000060"; false if it is none */
extern bool restore_parse_lsn(const char *text, uint64_t *lsn);

#endif							/* JOB_RESTORE_H */
