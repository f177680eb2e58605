/*
 * table.c
 *
 * The table of all jobs, under one lock.  Does not start or end jobs.
 */
#include "jobs/table.h"

#include <string.h>

JobTable job_table = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.ended = PTHREAD_COND_INITIALIZER,
};

void
job_insert(Job *job)
{
	Job **link = &job_table.newest;

	while (*link != NULL && (*link)->created > job->created)
		link = &(*link)->next;
	job->next = *link;
	*link = job;
}

Job *
job_find(const char *id)
{
	for (Job *job = job_table.newest; job != NULL; job = job->next)
	{
		if (strcmp(job->id, id) == 0)
			return job;
	}
	return NULL;
}

Job *
job_find_key(const char *key)
{
	for (Job *job = job_table.newest; job != NULL; job = job->next)
	{
		if (job->key != NULL && strcmp(job->key, key) == 0)
			return job;
	}
	return NULL;
}

Job *
job_find_running(const Job *except, const char *kind, const char *server, bool cancelled)
{
	for (Job *job = job_table.newest; job != NULL; job = job->next)
	{
		if (job != except && !job_has_ended(job) && job->cancel_requested == cancelled &&
			strcmp(job->kind, kind) == 0 && job->server != NULL && server != NULL &&
			strcmp(job->server, server) == 0)
			return job;
	}
	return NULL;
}

bool
job_has_ended(const Job *job)
{
	return job->state != STATE_QUEUED && job->state != STATE_RUNNING;
}

bool
job_is_visible(const Job *job, const TokenGrant *grant)
{
	return token_reaches(grant, job->server);
}

void
job_request_release(JobRequest *asked)
{
	if (asked->value != NULL)
		asked->release(asked->value);
	*asked = (JobRequest){0};
}
