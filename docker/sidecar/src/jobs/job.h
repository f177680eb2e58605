/*
 * job.h
 *
 * Jobs: runs of Barman that change something.  Each has a thread while it
 * runs, and a record on disk that is kept for a month.
 */
#ifndef JOBS_JOB_H
#define JOBS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/runner.h"
#include "base/answer.h"
#include "base/exposition.h"
#include "base/token.h"

typedef struct Job Job;

/* The caller of a request that may start a job */
typedef struct JobCaller
{
	const TokenGrant *grant; /* what the token of the request permits */
	const char *key;		 /* Idempotency-Key, or NULL */
	const char *method;
	const char *path;
	bool local;	   /* connects by loopback or a Unix socket */
	char from[80]; /* for the log */
} JobCaller;

/*
 * A waiter for news of a job.  wait is called before any wake; wake is called
 * when there is news or the time is up.  The lock of the jobs is held in both.
 * A woken waiter is on no list any more.
 */
typedef struct JobWaiter
{
	struct JobWaiter *next;
	int64_t deadline; /* monotonic_ms(); 0: has not waited yet */
	void (*wait)(void *arg);
	void (*wake)(void *arg);
	void *arg;
} JobWaiter;

/* What a job is asked for: the struct of its kind, which its route has made and checked */
typedef struct JobRequest
{
	void *value; /* NULL: there is nothing to ask for */
	void (*release)(void *value);
	const char *backup_id; /* part of the value: what one_per_backup compares; or NULL */
} JobRequest;

/* The body of a kind of job; ends with job_done() or job_fail(). */
typedef void (*JobBody)(Job *job, const void *request);

typedef struct JobKind
{
	const char *name;	 /* "backup" */
	bool exclusive;		 /* one at a time per server */
	bool one_per_backup; /* one at a time per backup_id of its request */
	bool makes_backups;	 /* limited per hour; has a reserved place */
	bool frees_room;	 /* has a reserved place; runs even unrecorded */
	JobBody body;
} JobKind;

/* Locks the state directory, and marks jobs that a crash interrupted as "lost". */
extern bool jobs_start(const char *state_dir);

/* Cancels and records running jobs; their watchers still get the outcome. */
extern void jobs_stop(void);

/* Frees the jobs, once no request can use them */
extern void jobs_forget(void);

/*
 * For routes: each returns a complete answer.  job_submit() takes what is asked
 * for, and releases it once: when the job has ended, or at once if it refuses.
 *
 * A request with a key starts at most one job, however often it is sent:
 * job_of_request() returns that job, NULL if there is none yet.  job_cancel_key()
 * cancels it, or a request with that key that has not arrived yet.
 *
 * Jobs of servers that the grant of the request does not reach are hidden.
 */
extern Answer *job_submit(const JobCaller *caller, const JobKind *kind, const char *server,
						  JobRequest asked);
extern Answer *job_of_request(const JobCaller *caller);
extern Answer *job_cancel_key(const TokenGrant *grant, const char *key);
extern Answer *job_cancel(const TokenGrant *grant, const char *id);

/*
 * The job and the lines of its log after line "after".  NULL if there are
 * none: the waiter is woken when there are, or after wait_ms.  A waiter waits
 * once; with waiter NULL, the answer is never NULL.
 */
extern Answer *job_poll(const TokenGrant *grant, const char *id, int64_t after, int64_t wait_ms,
						JobWaiter *waiter);

extern Answer *jobs_list(const TokenGrant *grant, int64_t limit, const char *before);
#define JOBS_LIST_MAX 1000

/* Wakes the waiters whose time is up. */
extern void jobs_end_waits(int64_t now);

/* Jobs by kind, state and duration, and their limits, for /metrics */
extern void jobs_metrics(Exposition *exposition);

/* For the bodies of jobs, in their thread */
typedef enum JobLogLevel
{
	JOB_DEBUG, /* for the log: not shown to callers while the job runs */
	JOB_INFO,
	JOB_WARNING,
	JOB_ERROR
} JobLogLevel;

extern const char *job_id_of(const Job *job);
extern const char *job_server(const Job *job);
extern int64_t job_elapsed_ms(const Job *job);
extern void job_phase(Job *job, const char *phase); /* static string */
extern void job_progress(Job *job, double part);	/* from 0 to 1 */
extern void job_needs_wal(Job *job, bool needs);

/* The job's backup is copied: it counts, however the job ends. */
extern void job_copied(Job *job);

/* The PostgreSQL that the job is about: a client in it can see the progress. */
extern void job_system_identifier(Job *job, const char *identifier);
extern void job_log(Job *job, JobLogLevel level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Forward what barman_parse_messages() found; takes the messages. */
extern void job_log_messages(Job *job, json_t *messages);

/*
 * Runs Barman as barman_run() does; cancelled with the job.  False if the job
 * was cancelled.
 */
extern bool job_run(Job *job, const char *const *arguments, int64_t deadline_ms,
					bool (*tick)(void *arg), void *arg, RunResult *result);

/*
 * For the tick of job_run(): a number that changes while the processes of the run work, although
 * nothing is to be seen of it
 */
extern uint64_t job_run_work(Job *job);

/* False if the job was cancelled. */
extern bool job_sleep(Job *job, int64_t milliseconds);
extern bool job_cancelled(const Job *job);

/*
 * The outcome.  job_done() takes the result; the job must first invalidate the
 * reads that it made stale.
 */
extern void job_done(Job *job, json_t *result);
extern void job_fail(Job *job, const char *code, const char *message, const char *detail,
					 const char *hint);
extern void job_fail_with(Job *job, BarmanFailure *failure); /* clears it */

#endif /* JOBS_JOB_H */
