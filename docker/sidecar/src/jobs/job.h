/*
 * job.h
 *
 * Jobs: the runs of Barman that change something.  Each has a thread while it
 * runs and a file for ever after (well, for a month).
 */
#ifndef JOBS_JOB_H
#define JOBS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/runner.h"
#include "base/answer.h"
#include "base/token.h"

typedef struct Job Job;

/* Who asks */
typedef struct JobCaller
{
	const TokenGrant *grant;	/* what the token of the request lets it do */
	const char *key;			/* Idempotency-Key, or NULL */
	const char *method;
	const char *path;
	bool		local;			/* by loopback or a Unix socket */
	char		from[80];		/* for the log */
} JobCaller;

/*
 * One who waits for news of a job.  wait is called before anybody can wake it,
 * and wake when there are news, or the time is up: each with the jobs locked.
 * Who is woken is on no list any more.
 */
typedef struct JobWaiter
{
	struct JobWaiter *next;
	int64_t		deadline;		/* monotonic_ms(); 0: has not waited yet */
	void		(*wait) (struct JobWaiter *waiter);
	void		(*wake) (struct JobWaiter *waiter);
} JobWaiter;

/* What a kind of job does; ends with job_done() or job_fail(). */
typedef void (*JobBody) (Job *job, const json_t *arguments);

typedef struct JobKind
{
	const char *name;			/* "backup" */
	bool		exclusive;		/* one at a time per server */
	bool		one_per_backup;	/* one at a time per backup_id of its arguments */
	bool		makes_backups;	/* limited by the hour; has a place kept */
	bool		frees_room;		/* has a place kept */
	JobBody		body;
} JobKind;

/* Locks the state directory, makes what a crash left running "lost". */
extern bool jobs_start(const char *state_dir);

/* Cancels what runs and records it; its watchers still hear how it ended. */
extern void jobs_stop(void);

/* Once nobody asks any more */
extern void jobs_forget(void);

/*
 * For routes: each makes a whole answer.  submit takes the arguments; freeing:
 * of a job that makes room, and so also runs if there is none to record it.
 *
 * A request with a key starts one job at most, however often it is sent:
 * job_of_request() is what it started, NULL if nothing yet.  job_cancel_key()
 * cancels that job, and what has the key and is still on its way.
 *
 * A job of a server that the token of the request does not reach is not there.
 */
extern Answer *job_submit(const JobCaller *caller, const JobKind *kind, const char *server,
						  json_t *arguments);
extern Answer *job_submit_freeing(const JobCaller *caller, const JobKind *kind, const char *server,
								  json_t *arguments);
extern Answer *job_of_request(const JobCaller *caller);
extern Answer *job_cancel_key(const JobCaller *caller, const char *key);
extern Answer *job_cancel(const JobCaller *caller, const char *id);

/*
 * The job and the lines of its log behind the line after; or NULL, and the
 * waiter will be woken when there are more, or after wait_ms.  A waiter waits
 * once; NULL: nobody waits.
 */
extern Answer *job_poll(const JobCaller *caller, const char *id, int64_t after, int64_t wait_ms,
						JobWaiter *waiter);

extern Answer *jobs_list(const JobCaller *caller, int64_t limit, const char *before);
#define JOBS_LIST_MAX 1000

/* Wakes those whose time is up. */
extern void jobs_end_waits(int64_t now);

typedef struct JobCounters
{
	int			running;
	int			done;
	int			failed;
	int			cancelled;
	int			lost;
} JobCounters;

extern JobCounters jobs_counters(void);

/* For the bodies of jobs, in their thread */
typedef enum JobLogLevel
{
	JOB_DEBUG,					/* for who reads the log: nobody is told while it runs */
	JOB_INFO,
	JOB_WARNING,
	JOB_ERROR
} JobLogLevel;

extern const char *job_server(const Job *job);
extern int64_t job_elapsed_ms(const Job *job);
extern void job_phase(Job *job, const char *phase);	/* static string */
extern void job_progress(Job *job, double part);	/* from 0 to 1 */
extern void job_needs_wal(Job *job, bool needs);

/* Its backup is copied: it counts, however the job ends. */
extern void job_copied(Job *job);

/* Which PostgreSQL the job is about: who is that one can see its progress. */
extern void job_system_identifier(Job *job, const char *identifier);
extern void job_log(Job *job, JobLogLevel level, const char *format,...)
			__attribute__((format(printf, 3, 4)));

/* Forward what barman_parse_messages() found; takes the messages. */
extern void job_log_messages(Job *job, json_t *messages);

/*
 * Run Barman as barman_run() does; cancelled with the job.  False if the job
 * was cancelled meanwhile.
 */
extern bool job_run(Job *job, const char *const *arguments, int64_t deadline_ms,
					bool (*tick) (void *arg), void *arg, RunResult *result);

/* False if the job was cancelled. */
extern bool job_sleep(Job *job, int64_t milliseconds);
extern bool job_cancelled(const Job *job);

/*
 * How it ended.  job_done() takes the result; before it, the job must have
 * invalidated the reads that it made stale.
 */
extern void job_done(Job *job, json_t *result);
extern void job_fail(Job *job, const char *code, const char *message,
					 const char *detail, const char *hint);
extern void job_fail_with(Job *job, BarmanFailure *failure);	/* clears it */

#endif							/* JOBS_JOB_H */
