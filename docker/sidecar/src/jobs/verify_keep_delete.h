/*
 * verify_keep_delete.h
 *
 * Jobs on an existing backup: verify, keep, delete.
 */
#ifndef JOBS_VERIFY_KEEP_DELETE_H
#define JOBS_VERIFY_KEEP_DELETE_H

#include "jobs/job.h"

typedef struct VerifyRequest
{
	char *backup_id;
} VerifyRequest;

typedef struct KeepRequest
{
	char *backup_id;
	const char *keep; /* static: full, standalone or release */
	bool may_lessen;  /* from full to standalone */
} KeepRequest;

typedef struct DeleteRequest
{
	char *backup_id;
} DeleteRequest;

/* Each frees one; for JobRequest.release. */
extern void verify_request_free(void *request);
extern void keep_request_free(void *request);
extern void delete_request_free(void *request);

/* Its request is a VerifyRequest, its result {backup_id, status: valid|corrupt, detail}. */
extern const JobKind job_verify;

/* Its request is a KeepRequest, its result {backup_id, status: full|standalone|none, detail}. */
extern const JobKind job_keep;

/* Its request is a DeleteRequest, its result {backup_id, status: deleted, detail}. */
extern const JobKind job_delete;

#endif /* JOBS_VERIFY_KEEP_DELETE_H */
