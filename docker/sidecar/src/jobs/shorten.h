/*
 * shorten.h
 *
 * Keeps results and records within the size that readers accept.
 */
#ifndef JOBS_SHORTEN_H
#define JOBS_SHORTEN_H

#include <stddef.h>

#include <jansson.h>

/* Takes result, and returns it shortened. */
extern json_t *job_shorten(json_t *result);

/* A copy, with no text longer than that */
extern json_t *job_cut_texts(const json_t *value, size_t text_max);

#endif /* JOBS_SHORTEN_H */
