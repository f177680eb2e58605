/*
 * server_backups.h
 *
 * The backups of the servers.
 */
#ifndef METRICS_SERVER_BACKUPS_H
#define METRICS_SERVER_BACKUPS_H

#include "base/exposition.h"
#include "metrics/sample.h"

extern void server_backups_metrics(Exposition *exposition, const Sample *samples, int count);

#endif /* METRICS_SERVER_BACKUPS_H */
