/*
 * idempotency.h
 *
 * Idempotency keys: which are valid, and which must not start a job.
 */
#ifndef JOBS_IDEMPOTENCY_H
#define JOBS_IDEMPOTENCY_H

#include "jobs/job.h"

extern bool job_key_is_valid(const char *key);

/*
 * The last thousand keys that were cancelled before their request arrived.
 * The caller holds the lock of the jobs.
 */
extern void job_keys_bar(const char *key);
extern bool job_keys_barred(const char *key);
extern void job_keys_forget(void);

/* "POST /v1/cron", to be freed; NULL if the request has no key */
extern char *job_request_text(const JobCaller *caller);

#endif /* JOBS_IDEMPOTENCY_H */
