/*
 * verify_keep_delete.h
 *
 * Jobs on an existing backup: verify, keep, delete.
 */
#ifndef JOBS_VERIFY_KEEP_DELETE_H
#define JOBS_VERIFY_KEEP_DELETE_H

#include "jobs/job.h"

/* arguments: {backup_id}; result {backup_id, status: valid|corrupt, detail} */
extern const JobKind job_verify;

/*
 * arguments: {backup_id, keep: full|standalone|release};
 * result {backup_id, status: full|standalone|none, detail}
 */
extern const JobKind job_keep;

/* arguments: {backup_id}; result {backup_id, status: deleted, detail} */
extern const JobKind job_delete;

#endif							/* JOBS_VERIFY_KEEP_DELETE_H */
