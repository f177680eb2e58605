/*
 * routes_job.h
 *
 * The addresses of jobs, and of what begins one.
 */
#ifndef ROUTES_JOB_H
#define ROUTES_JOB_H

#include "http.h"

extern Answer *get_jobs(Request *request);
extern Answer *get_job(Request *request);
extern Answer *post_cron(Request *request);
extern Answer *post_switch_wal(Request *request);
extern Answer *post_backup(Request *request);
extern Answer *post_cancel(Request *request);
extern Answer *post_cancel_key(Request *request);

#endif							/* ROUTES_JOB_H */
