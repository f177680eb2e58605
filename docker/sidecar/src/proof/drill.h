/*
 * drill.h
 *
 * The drill: restores a backup, checks what it brought back, and removes it.
 */
#ifndef PROOF_DRILL_H
#define PROOF_DRILL_H

#include "jobs/job.h"

/*
 * Restores, checks and removes.  arguments: of job_restore: instance,
 * backup_id, target_lsn, wal_file, system_identifier and target_timeline;
 * refused: the error of restore_choose() if nothing can be restored; keep:
 * bool; and of drill_examine(): database, superuser, schema (of the
 * extension): text, superusers, tables, sequences, asserts: lists or null.
 */
extern const JobKind job_drill;

#endif							/* PROOF_DRILL_H */
