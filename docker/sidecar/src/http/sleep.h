/*
 * sleep.h
 *
 * Suspends requests in libmicrohttpd until they are woken.
 */
#ifndef HTTP_SLEEP_H
#define HTTP_SLEEP_H

#include "http/request.h"

extern void http_sleep(Request *request);
extern void http_wake(Request *request);

/* libmicrohttpd aborts if it is stopped while a request sleeps. */
extern int http_sleepers(void);

#endif /* HTTP_SLEEP_H */
