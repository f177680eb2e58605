/*
 * job_catalogue.h
 *
 * What is done to a backup after it was made: verified, kept, deleted.
 */
#ifndef JOB_CATALOGUE_H
#define JOB_CATALOGUE_H

#include "job.h"

/* arguments: {backup_id}; result {backup_id, status: valid|corrupt, detail} */
extern const JobKind job_verify;

/*
 * arguments: {backup_id, keep: full|standalone|release};
 * result {backup_id, status: full|standalone|none, detail}
 */
extern const JobKind job_keep;

/* arguments: {backup_id}; result {backup_id, status: deleted, detail} */
extern const JobKind job_delete;

#endif							/* JOB_CATALOGUE_H */
