/*
 * thread.h
 *
 * The thread of a job.
 */
#ifndef JOBS_THREAD_H
#define JOBS_THREAD_H

#include "jobs/table.h"

/*
 * job_main() is the thread of a job.  job_decide() sets the outcome and takes
 * result and error.  job_settle() publishes it and frees what only a running
 * job has; once the lock is released, the job may be gone.
 */
extern void *job_main(void *job);
extern void job_decide(Job *job, JobState state, json_t *result, json_t *error);
extern void job_settle(Job *job);

/* The job that a program runs for */
typedef struct JobRun
{
	Job *job;
	bool (*tick)(void *arg);
	void *arg;
} JobRun;

/*
 * A program of a job is cancelled with it, and on its record while it runs.
 * Run the request, then call job_run_ended(): false if the job was cancelled.
 */
extern RunRequest job_run_request(JobRun *run, int64_t deadline_ms);
extern bool job_run_ended(Job *job);

#endif /* JOBS_THREAD_H */
