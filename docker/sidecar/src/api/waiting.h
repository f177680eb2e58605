/*
 * waiting.h
 *
 * Waits of a request: for reads of Barman, and for news of a job.
 */
#ifndef API_WAITING_H
#define API_WAITING_H

#include "barman/read_cache.h"
#include "http/request.h"
#include "jobs/job.h"

/* A reference to a fresh read; NULL: the request sleeps until there is one. */
extern Answer *route_read(Request *request, ReadKind kind, const char *server, const char *argument);

/* As job_poll(); NULL: the request sleeps.  It sleeps once per job. */
extern Answer *route_poll(Request *request, const char *id, int64_t after, int64_t wait_ms);
extern bool route_has_polled(const Request *request);

/* The caller as the jobs see it; it points into the request, so it must not outlive it. */
extern JobCaller route_caller(const Request *request);

#endif /* API_WAITING_H */
