/*
 * shorten.h
 *
 * Results and records stay below what a reader takes.
 */
#ifndef JOBS_SHORTEN_H
#define JOBS_SHORTEN_H

#include <stddef.h>

#include <jansson.h>

/* Takes and returns it. */
extern json_t *job_shorten(json_t *result);

/* A copy, of whose texts none is longer */
extern json_t *job_cut_texts(const json_t *value, size_t text_max);

#endif							/* JOBS_SHORTEN_H */
