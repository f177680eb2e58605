/*
 * cancel.c
 *
 * Cancels a job by its id, or by the idempotency key of the request that
 * starts it.  That request may not have arrived yet.
 */
#include "base/memory.h"
#include "jobs/idempotency.h"
#include "jobs/log_lines.h"
#include "jobs/record.h"
#include "jobs/table.h"

static void request_cancel(Job *job);

Answer *
job_cancel(const TokenGrant *grant, const char *id)
{
	Job *job;
	Answer *answer;

	pthread_mutex_lock(&job_table.lock);
	job = job_find(id);
	if (job == NULL || !job_is_visible(job, grant))
		answer = answer_errorf("unknown_job", "there is no job \"%s\"", id);
	else if (job_has_ended(job))
		answer = answer_errorf("job_ended", "job \"%s\" has already ended: it is %s", id,
							   job_state_names[job->state]);
	else
	{
		request_cancel(job);
		answer = job_accepted(202, job);
	}
	pthread_mutex_unlock(&job_table.lock);
	return answer;
}

Answer *
job_cancel_key(const TokenGrant *grant, const char *key)
{
	Job *job;
	Answer *answer;
	json_t *nothing;

	pthread_mutex_lock(&job_table.lock);
	job = job_find_key(key);
	if (job == NULL || !job_is_visible(job, grant))
	{
		if (job == NULL)
			job_keys_bar(key);
		nothing = json_checked(json_object());
		json_object_set_new(nothing, "job", json_null());
		answer = answer_json(200, nothing);
	}
	else if (job_has_ended(job))
		answer = job_accepted(200, job);
	else
	{
		request_cancel(job);
		answer = job_accepted(202, job);
	}
	pthread_mutex_unlock(&job_table.lock);
	return answer;
}

/* The lock is held. */
static void
request_cancel(Job *job)
{
	if (job->cancel_requested)
		return;
	job->cancel_requested = true;
	job_add_line(job, JOB_WARNING, "cancelling");
	run_control_cancel(job->control);
	pthread_cond_broadcast(&job_table.ended); /* the job may be waiting for its turn */
}
