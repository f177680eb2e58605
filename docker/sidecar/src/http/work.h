/*
 * work.h
 *
 * Requests that are served apart, and those that sleep.
 */
#ifndef HTTP_WORK_H
#define HTTP_WORK_H

#include "http/request.h"

/* The thread for requests that are served apart, by what answers them */
extern bool http_work_start(RouteHandler answer);
extern void http_work_stop(void);
extern void http_work_add(Request *request);

/*
 * Sleep and wake.  The caller holds the lock of the list that the request is
 * on, so nobody can wake it before it sleeps.
 */
extern void http_suspend(Request *request);
extern void http_resume(Request *request);

#endif							/* HTTP_WORK_H */
