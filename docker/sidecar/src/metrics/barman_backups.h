/*
 * barman_backups.h
 *
 * The backups of the servers.
 */
#ifndef METRICS_BARMAN_BACKUPS_H
#define METRICS_BARMAN_BACKUPS_H

#include "base/exposition.h"
#include "metrics/sample.h"

extern void barman_backups_metrics(Exposition *exposition, const Sample *samples, int count);

#endif /* METRICS_BARMAN_BACKUPS_H */
