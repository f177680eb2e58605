/*
 * metrics.h
 *
 * Gauges for Prometheus.
 */
#ifndef METRICS_H
#define METRICS_H

#include "answer.h"

extern Answer *metrics_answer(void);

#endif							/* METRICS_H */
