/*
 * barman_checks.h
 *
 * Barman's checks of the servers, and whether they could be read at all.
 */
#ifndef METRICS_BARMAN_CHECKS_H
#define METRICS_BARMAN_CHECKS_H

#include "base/exposition.h"
#include "metrics/sample.h"

extern void barman_checks_metrics(Exposition *exposition, const Sample *samples, int count);

#endif /* METRICS_BARMAN_CHECKS_H */
