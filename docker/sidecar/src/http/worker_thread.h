/*
 * worker_thread.h
 *
 * Requests that are served apart, and those that sleep.
 */
#ifndef HTTP_WORKER_THREAD_H
#define HTTP_WORKER_THREAD_H

#include "http/request.h"

/* Start the thread for requests that are served apart; answer serves them. */
extern bool http_work_start(RouteHandler answer);
extern void http_work_stop(void);
extern void http_work_add(Request *request);

/*
 * Suspend and resume.  The caller holds the lock of the list that the request
 * is on, so that nobody can resume it before it is suspended.
 */
extern void http_suspend(Request *request);
extern void http_resume(Request *request);

#endif /* HTTP_WORKER_THREAD_H */
