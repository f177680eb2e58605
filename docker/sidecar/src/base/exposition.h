/*
 * exposition.h
 *
 * Writes metrics in Prometheus' text format, one family after the other.
 */
#ifndef BASE_EXPOSITION_H
#define BASE_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Exposition
{
	char *text;
	size_t length;
	size_t capacity;
	const char *family;
	const char *type;
	const char *help;
	bool described; /* the family has its HELP and TYPE */
} Exposition;

/* An Exposition that is all zeros is empty. */

/*
 * Begin a family: samples that follow are of it.  Its HELP and TYPE are written
 * with the first of them.  The texts are static.
 */
extern void exposition_family(Exposition *exposition, const char *name, const char *type,
							  const char *help);

/* A sample; pairs of a label's name and value follow, and NULL.  Leaves out labels whose value is NULL. */
extern void exposition_sample(Exposition *exposition, double value, ...) __attribute__((sentinel));

/*
 * A histogram with one label: its counts are of observations that lie within
 * each bound and in none before it, the last of those beyond all bounds.
 */
extern void exposition_histogram(Exposition *exposition, const double *bounds, int bound_count,
								 const uint64_t *counts, double sum, const char *label,
								 const char *value);

/* Append another one. */
extern void exposition_append(Exposition *exposition, const char *text, size_t length);

/* The malloc'd text, "" if there are no samples; the exposition is then empty. */
extern char *exposition_take(Exposition *exposition);

#endif /* BASE_EXPOSITION_H */
