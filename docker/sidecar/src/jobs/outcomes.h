/*
 * outcomes.h
 *
 * What finished jobs have brought, for estimates of those to come.
 */
#ifndef JOBS_OUTCOMES_H
#define JOBS_OUTCOMES_H

#include <stddef.h>

#include <jansson.h>

/*
 * The results of the newest done jobs of a server, of one of these kinds (the
 * list ends with NULL), newest first, at most so many
 */
extern json_t *job_outcomes(const char *server, const char *const *kinds, size_t most);

#endif /* JOBS_OUTCOMES_H */
