/*
 * idempotency.h
 *
 * Idempotency keys: what makes one, and those that must start nothing.
 */
#ifndef JOBS_IDEMPOTENCY_H
#define JOBS_IDEMPOTENCY_H

#include "jobs/job.h"

extern bool job_key_is_valid(const char *key);

/*
 * Keys that were cancelled before their request came, the last thousand; the
 * caller holds the lock of the jobs.
 */
extern void job_keys_bar(const char *key);
extern bool job_keys_barred(const char *key);
extern void job_keys_forget(void);

/* "POST /v1/cron", to be freed; NULL if the request has no key */
extern char *job_request_text(const JobCaller *caller);

#endif							/* JOBS_IDEMPOTENCY_H */
