/*
 * waiters.c
 *
 * Waiters for news of a job: woken when there is news or their time is up.
 * They use no thread.
 */
#include "jobs/waiters.h"

void
job_touch(Job *job)
{
	JobWaiter *waiter = job->waiters;

	job->waiters = NULL;
	while (waiter != NULL)
	{
		JobWaiter *next = waiter->next; /* wake() may free it */

		waiter->wake(waiter->arg);
		waiter = next;
	}
}

void
jobs_end_waits(int64_t now)
{
	pthread_mutex_lock(&job_table.lock);
	for (Job *job = job_table.newest; job != NULL; job = job->next)
	{
		for (JobWaiter **link = &job->waiters; *link != NULL;)
		{
			JobWaiter *waiter = *link;

			if (now >= waiter->deadline)
			{
				*link = waiter->next;
				waiter->wake(waiter->arg);
			}
			else
				link = &waiter->next;
		}
	}
	pthread_mutex_unlock(&job_table.lock);
}
