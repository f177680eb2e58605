/*
 * switch_wal.h
 *
 * Getting a WAL segment closed and into Barman's archive.
 */
#ifndef JOBS_SWITCH_WAL_H
#define JOBS_SWITCH_WAL_H

#include "jobs/job.h"

typedef struct SwitchWalRequest
{
	char *wal_file; /* the caller has closed it; NULL: have Barman switch */
	int64_t timeout_ms;
} SwitchWalRequest;

/* Frees one; for JobRequest.release. */
extern void switch_wal_request_free(void *request);

/* Its request is a SwitchWalRequest. */
extern const JobKind job_switch_wal;

/* 24 hexadecimal digits, as PostgreSQL writes them */
extern bool wal_file_name_is_valid(const char *name);

/* A passive server copies WAL from the Barman that archives it, and barman cron alone asks that one. */
extern bool wal_comes_by_cron(const char *server);

/*
 * Has Barman archive the WAL that has arrived.  Barman skips this silently
 * while another archiver runs, so callers repeat it.  False if cancelled.
 */
extern bool archive_wal(Job *job);

/*
 * Waits until a segment that the caller has closed is in the archive; it has
 * arrived, or the time is over.  False: the job was cancelled, or has failed
 * because Barman does not tell where the WAL is.
 */
extern bool job_await_segment(Job *job, const char *wal_file, int64_t timeout_ms, bool *arrived);

/*
 * Sets the job's system identifier.  A client on that server can see the
 * progress and write the WAL that the job waits for.  recorded: the identifier
 * in the backup; NULL: use the server's.
 */
extern void job_name_cluster(Job *job, const char *recorded);

#endif /* JOBS_SWITCH_WAL_H */
