/*
 * server_checks.h
 *
 * Barman's checks of the servers, and whether they could be read at all.
 */
#ifndef METRICS_SERVER_CHECKS_H
#define METRICS_SERVER_CHECKS_H

#include "base/exposition.h"
#include "metrics/sample.h"

extern void server_checks_metrics(Exposition *exposition, const Sample *samples, int count);

#endif /* METRICS_SERVER_CHECKS_H */
