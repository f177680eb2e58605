/*
 * backup_to_instance.h
 *
 * Restoring a backup to an instance, and dropping one.
 */
#ifndef RESTORE_BACKUP_TO_INSTANCE_H
#define RESTORE_BACKUP_TO_INSTANCE_H

#include "jobs/job.h"
#include "restore/running_restore.h"

/* Its request is a RestoreRequest whose backup is chosen and whose instance is claimed. */
extern const JobKind job_restore;

typedef struct DropRequest
{
	char *instance; /* claimed to drop */
} DropRequest;

/* Frees one; for JobRequest.release. */
extern void drop_request_free(void *request);

/* Its request is a DropRequest. */
extern const JobKind job_drop_instance;

/* The first step of every restore, also of a drill; the request must outlive it. */
extern Restore restore_begin(Job *job, const RestoreRequest *request);

/* Looks up the backup that the route has chosen */
extern bool restore_find_backup(Restore *restore);

/* Completes a copied backup that waits for WAL: it cannot be restored before. */
extern bool restore_complete_backup(Restore *restore);

#endif /* RESTORE_BACKUP_TO_INSTANCE_H */
