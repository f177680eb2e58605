/*
 * drill.h
 *
 * The drill: a restore that is asked what it has brought back, and then removed.
 */
#ifndef PROOF_DRILL_H
#define PROOF_DRILL_H

#include "jobs/job.h"

/*
 * Restore, ask and remove.  arguments: of job_restore: instance, backup_id,
 * target_lsn, wal_file, system_identifier and target_timeline; refused: the
 * error of restore_choose() if nothing can be restored; keep: bool, and what
 * drill_examine() asks: database, superuser, schema (where the extension is):
 * text, superusers, tables, sequences, asserts: lists or null.
 */
extern const JobKind job_drill;

#endif							/* PROOF_DRILL_H */
