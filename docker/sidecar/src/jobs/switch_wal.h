/*
 * switch_wal.h
 *
 * Getting a WAL segment closed and into Barman's archive.
 */
#ifndef JOBS_SWITCH_WAL_H
#define JOBS_SWITCH_WAL_H

#include "jobs/job.h"

/* arguments: {wal_file: text or null, timeout_seconds: int} */
extern const JobKind job_switch_wal;

/* 24 hexadecimal digits, as PostgreSQL writes them */
extern bool wal_file_name_is_valid(const char *name);

/*
 * Let Barman archive what has arrived.  Barman skips this in silence while
 * another archiver works, so callers come back.  False if cancelled.
 */
extern bool archive_wal(Job *job);

/*
 * Tell who follows the job whether it is about his own server: of that he can
 * see the progress, and write the WAL that is waited for.  recorded: of the
 * backup, or NULL for that of the server.
 */
extern void job_tell_whose(Job *job, const char *recorded);

#endif							/* JOBS_SWITCH_WAL_H */
