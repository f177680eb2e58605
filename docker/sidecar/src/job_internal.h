/*
 * job_internal.h
 *
 * What a job is, for job.c and the files that help it.
 */
#ifndef JOB_INTERNAL_H
#define JOB_INTERNAL_H

#include <sys/types.h>

#include "job.h"

#define ID_SIZE 32

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
	Job		   *next;			/* newest first */
	char		id[ID_SIZE];
	char	   *kind;
	char	   *server;			/* NULL for cron */
	char	   *key;			/* of the request that started it, or NULL */
	char	   *request;		/* that request: "POST /v1/cron" */
	JobState	state;
	char	   *phase;
	bool		needs_wal;
	double		progress;		/* 0: unknown */
	char	   *system_identifier;	/* of its server, once known */
	int64_t		created;		/* timestamp_now(); 0: not yet */
	int64_t		started;
	int64_t		ended;
	int64_t		elapsed_ms;		/* once ended */
	int			log_lines;
	json_t	   *result;
	json_t	   *error;
	Request    *waiters;

	/* Only while it runs */
	const JobKind *does;
	json_t	   *arguments;
	RunControl *control;
	int64_t		clock;			/* monotonic_ms() when it was created */
	bool		cancel_requested;
	bool		decided;		/* by its body; made known once recorded */
	JobState	decision;
	pid_t		process;		/* leader of the group that works for it */
	uint64_t	process_start;
	json_t	   *log;			/* all lines so far */
};

extern const char *const job_state_names[];

/* job_record.c: as callers see it, and as its file keeps it */
extern bool job_has_ended(const Job *job);
extern json_t *job_json(const Job *job);
extern json_t *job_record_json(const Job *job);
extern Job *job_of_record(const json_t *record);	/* NULL: incomplete */

#endif							/* JOB_INTERNAL_H */
