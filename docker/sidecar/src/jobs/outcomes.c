/*
 * outcomes.c
 *
 * Copies the results of finished jobs.
 */
#include "jobs/outcomes.h"

#include <string.h>

#include "base/memory.h"
#include "jobs/table.h"

static bool is_of(const Job *job, const char *server, const char *const *kinds);

json_t *
job_outcomes(const char *server, const char *const *kinds, size_t most)
{
	json_t *results = json_checked(json_array());

	pthread_mutex_lock(&job_table.lock);
	for (const Job *job = job_table.newest; job != NULL && json_array_size(results) < most;
		 job = job->next)
	{
		if (job->state == STATE_DONE && job->result != NULL && is_of(job, server, kinds))
			json_array_append_new(results, json_checked(json_deep_copy(job->result)));
	}
	pthread_mutex_unlock(&job_table.lock);
	return results;
}

static bool
is_of(const Job *job, const char *server, const char *const *kinds)
{
	if (job->server == NULL || strcmp(job->server, server) != 0)
		return false;
	while (*kinds != NULL && strcmp(job->kind, *kinds) != 0)
		kinds++;
	return *kinds != NULL;
}
