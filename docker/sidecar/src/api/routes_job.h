/*
 * routes_job.h
 *
 * The routes of jobs, and of the actions that start one.
 */
#ifndef API_ROUTES_JOB_H
#define API_ROUTES_JOB_H

#include "http/request.h"

extern Answer *get_jobs(Request *request);
extern Answer *get_job(Request *request);
extern Answer *post_cron(Request *request);
extern Answer *post_switch_wal(Request *request);
extern Answer *post_backup(Request *request);
extern Answer *post_cancel(Request *request);
extern Answer *post_cancel_key(Request *request);

#endif /* API_ROUTES_JOB_H */
