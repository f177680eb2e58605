/*
 * collector.h
 *
 * Reads the metrics of all servers in a thread of its own.
 */
#ifndef METRICS_COLLECTOR_H
#define METRICS_COLLECTOR_H

#include <stdbool.h>

#include "base/exposition.h"

/* Reads at most once in so many seconds, and only while somebody scrapes; 0: never. */
extern bool collector_start(int interval);

/* Begin no more reads. */
extern void collector_quit(void);

/* Call after reads_stop(), which ends a read that it waits for. */
extern void collector_stop(void);

/* What was read last, unless it is too old; and have it read again if its time has come. */
extern void collector_metrics(Exposition *exposition);

#endif /* METRICS_COLLECTOR_H */
