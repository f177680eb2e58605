/*
 * table.h
 *
 * The table of all jobs, for the files that run and record them.  The kinds of
 * jobs (backup.c and the like) use only job.h.
 */
#ifndef JOBS_TABLE_H
#define JOBS_TABLE_H

#include <pthread.h>
#include <sys/types.h>

#include "jobs/job.h"

#define ID_SIZE 32

/* Time between SIGINT, on which Barman cleans up, and SIGKILL */
#define CANCEL_GRACE_MS 10000

typedef enum JobState
{
	STATE_QUEUED,
	STATE_RUNNING,
	STATE_DONE,
	STATE_FAILED,
	STATE_CANCELLED,
	STATE_LOST
} JobState;

struct Job
{
	Job *next; /* newest first */
	char id[ID_SIZE];
	char *kind;
	char *server;  /* NULL for cron */
	char *key;	   /* Idempotency-Key of its request, or NULL */
	char *request; /* its request: "POST /v1/cron" */
	JobState state;
	char *phase;
	bool needs_wal;
	bool copied;			 /* has copied a backup, which may count */
	double progress;		 /* 0: unknown */
	char *system_identifier; /* of its server, once known */
	int64_t created;		 /* timestamp_now(); 0: not yet */
	int64_t started;
	int64_t ended;
	int64_t elapsed_ms; /* once ended */
	int log_lines;
	json_t *result;
	json_t *error;
	JobWaiter *waiters;
	char *brief; /* as lists have it, once it has ended and was listed */
	int brief_lines;
	char *result_text; /* once it has ended and somebody asked */
	size_t result_length;

	/* Only while it runs */
	const JobKind *does;
	JobRequest asked;
	RunControl *control;
	int64_t clock; /* monotonic_ms() when it was created */
	bool cancel_requested;
	bool decided; /* by its body; published once recorded */
	JobState decision;
	pid_t process; /* process group that works for it */
	uint64_t process_start;
	json_t *log; /* all lines so far */
};

/* The lock guards all jobs, and the barred keys */
typedef struct JobTable
{
	pthread_mutex_t lock;
	pthread_cond_t ended; /* a job has ended, or may be cancelled */
	int running;
	bool stopping;
	Job *newest;
} JobTable;

extern JobTable job_table;

/* The lock is held. */
extern Job *job_find(const char *id);
extern Job *job_find_key(const char *key);

/* Whether the grant reaches the job's server */
extern bool job_is_visible(const Job *job, const TokenGrant *grant);

/* A running job of that kind and server, cancelled or not as the argument says */
extern Job *job_find_running(const Job *except, const char *kind, const char *server, bool cancelled);
extern bool job_has_ended(const Job *job);

/* Frees what a job was asked for, unless it is gone. */
extern void job_request_release(JobRequest *asked);
extern void job_insert(Job *job);

#endif /* JOBS_TABLE_H */
