/*
 * thread.h
 *
 * A job at work.
 */
#ifndef JOBS_THREAD_H
#define JOBS_THREAD_H

#include "jobs/table.h"

/*
 * The thread of a job; how it will have ended, taking result and error; and
 * that made known, after which it has let go of what only a running job has.  Then
 * the job may be gone as soon as the lock is.
 */
extern void *job_main(void *job);
extern void job_decide(Job *job, JobState state, json_t *result, json_t *error);
extern void job_settle(Job *job);

/* What a program needs to know of the job that it runs for */
typedef struct JobRun
{
	Job		   *job;
	bool		(*tick) (void *arg);
	void	   *arg;
} JobRun;

/*
 * A program of a job: cancelled with it, and on its record while it runs.  Run
 * it, then tell that it has ended; false if the job was cancelled meanwhile.
 */
extern RunRequest job_run_request(JobRun *run, int64_t deadline_ms);
extern bool job_run_ended(Job *job);

#endif							/* JOBS_THREAD_H */
