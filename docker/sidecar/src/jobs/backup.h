/*
 * backup.h
 *
 * Taking a base backup.
 */
#ifndef JOBS_BACKUP_H
#define JOBS_BACKUP_H

#include "jobs/job.h"

typedef struct BackupRequest
{
	char *parent_id; /* of an incremental backup; NULL: a full one */
	char *name;		 /* or NULL */
	bool immediate_checkpoint;
	int64_t timeout_ms; /* 0: the caller sets none */
} BackupRequest;

/* Frees one; for JobRequest.release. */
extern void backup_request_free(void *request);

/* Its request is a BackupRequest. */
extern const JobKind job_backup;

#endif /* JOBS_BACKUP_H */
