/*
 * barman_archive.h
 *
 * The archived WAL of the servers: how far behind it is, its gaps, what can be
 * restored; and the disks that hold it.
 */
#ifndef METRICS_BARMAN_ARCHIVE_H
#define METRICS_BARMAN_ARCHIVE_H

#include "base/exposition.h"
#include "metrics/sample.h"

extern void barman_archive_metrics(Exposition *exposition, const Sample *samples, int count);

#endif /* METRICS_BARMAN_ARCHIVE_H */
