/*
 * requests.h
 *
 * Counts the requests by route and status.
 */
#ifndef METRICS_REQUESTS_H
#define METRICS_REQUESTS_H

#include "base/exposition.h"
#include "http/request.h"

/* A request was answered with this HTTP status. */
extern void requests_count(const Request *request, int status);

extern void requests_metrics(Exposition *exposition);

#endif /* METRICS_REQUESTS_H */
