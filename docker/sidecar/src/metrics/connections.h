/*
 * connections.h
 *
 * Connections, waits and bodies, and the limits that they reached.
 */
#ifndef METRICS_CONNECTIONS_H
#define METRICS_CONNECTIONS_H

#include "base/exposition.h"

extern void connections_metrics(Exposition *exposition);

#endif /* METRICS_CONNECTIONS_H */
