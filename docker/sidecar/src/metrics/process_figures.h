/*
 * process_figures.h
 *
 * The figures of the sidecar's process, as Prometheus' client libraries name
 * them.
 */
#ifndef METRICS_PROCESS_FIGURES_H
#define METRICS_PROCESS_FIGURES_H

#include "base/exposition.h"

extern void process_metrics(Exposition *exposition);

#endif /* METRICS_PROCESS_FIGURES_H */
