/*
 * restores.h
 *
 * Restored servers, the disk that is reserved for them, and what drills proved.
 */
#ifndef METRICS_RESTORES_H
#define METRICS_RESTORES_H

#include "base/exposition.h"

extern void restores_metrics(Exposition *exposition);

#endif /* METRICS_RESTORES_H */
