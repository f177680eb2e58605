/*
 * metrics.h
 *
 * Gauges for Prometheus.
 */
#ifndef API_METRICS_H
#define API_METRICS_H

#include "base/answer.h"

extern Answer *metrics_answer(void);

#endif /* API_METRICS_H */
