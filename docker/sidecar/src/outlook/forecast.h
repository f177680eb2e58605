/*
 * forecast.h
 *
 * When the disks of a server are full.
 */
#ifndef OUTLOOK_FORECAST_H
#define OUTLOOK_FORECAST_H

#include <stddef.h>

#include "base/answer.h"
#include "outlook/size_history.h"

/* {forecast: [...]}, as openapi.yaml describes it, from what is kept of the server */
extern Answer *forecast_of(const char *server);

/* The same list from such samples, the oldest first */
extern json_t *forecast_from(const SizeSample *samples, size_t count);

#endif /* OUTLOOK_FORECAST_H */
