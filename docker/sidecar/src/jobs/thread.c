/*
 * thread.c
 *
 * The thread of a job, and the functions by which the body of its kind
 * reports, runs programs and ends.  Records an outcome before it publishes it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "barman/command.h"
#include "barman/read_cache.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "jobs/log_lines.h"
#include "jobs/record.h"
#include "jobs/shorten.h"
#include "jobs/table.h"
#include "jobs/tally.h"
#include "jobs/thread.h"
#include "jobs/waiters.h"

static void wait_for_turn(Job *job);
static void run_started(void *arg, pid_t pid);
static bool run_ticks(void *arg);

void *
job_main(void *arg)
{
	Job *job = arg;

	pthread_mutex_lock(&job_table.lock);
	wait_for_turn(job);
	job->state = STATE_RUNNING;
	job->started = timestamp_now();
	job_touch(job);
	pthread_mutex_unlock(&job_table.lock);
	job_write_record(job);
	log_line(LOGLEVEL_INFO, "job started", "id", job->id, "kind", job->kind, "server", job->server,
			 NULL);

	/* Even if the job is cancelled: the body releases what its route claimed. */
	job->does->body(job, job->asked.value);

	pthread_mutex_lock(&job_table.lock);
	if (job->cancel_requested && !(job->decided && job->decision == STATE_DONE))
	{
		bool by_stop = job_table.stopping;

		job_decide(job, STATE_CANCELLED, NULL,
				   by_stop
					   ? error_json(SIDECAR_SHUTTING_DOWN,
									"the job was cancelled because the sidecar stopped", NULL, NULL)
					   : error_json("cancelled", "the job was cancelled", NULL, NULL));
		job_add_line(job, JOB_WARNING, "cancelled");
	}
	else if (!job->decided)
		job_decide(job, STATE_FAILED, NULL,
				   error_json(BARMAN_INTERNAL, "the job ended without a result", NULL, NULL));
	pthread_mutex_unlock(&job_table.lock);

	/*
	 * Record the outcome before publishing it, and invalidate older reads.  A
	 * body that succeeds has already done so.
	 */
	job_write_record(job);
	if (job->decision != STATE_DONE)
		reads_invalidate(job->server);
	pthread_mutex_lock(&job_table.lock);
	job_settle(job);
	pthread_mutex_unlock(&job_table.lock);
	return NULL;
}

/*
 * Waits until cancelled jobs of the same kind and server have ended, which can
 * take Barman seconds.  The lock is held, but released during the wait.
 */
static void
wait_for_turn(Job *job)
{
	bool told = false;

	while (job->does->exclusive && !job->cancel_requested)
	{
		Job *other = job_find_running(job, job->kind, job->server, true);
		char *text;

		if (other == NULL)
			break;
		if (!told)
		{
			text = mem_printf("waiting until job %s, which was cancelled, has ended", other->id);
			job_add_line(job, JOB_INFO, text);
			free(text);
			told = true;
		}
		pthread_cond_wait(&job_table.ended, &job_table.lock);
	}
}

const char *
job_id_of(const Job *job)
{
	return job->id;
}

const char *
job_server(const Job *job)
{
	return job->server;
}

int64_t
job_elapsed_ms(const Job *job)
{
	return monotonic_ms() - job->clock;
}

void
job_phase(Job *job, const char *phase)
{
	char *text;

	text = mem_printf("%s (after %.1f s)", phase, (double) job_elapsed_ms(job) / 1000);
	pthread_mutex_lock(&job_table.lock);
	free(job->phase);
	job->phase = mem_strdup(phase);
	job_add_line(job, JOB_INFO, text);
	pthread_mutex_unlock(&job_table.lock);
	free(text);
	job_write_record(job);
}

void
job_progress(Job *job, double part)
{
	pthread_mutex_lock(&job_table.lock);
	job->progress = part < 0 ? 0 : part > 1 ? 1 : part;
	pthread_mutex_unlock(&job_table.lock);
}

void
job_system_identifier(Job *job, const char *identifier)
{
	pthread_mutex_lock(&job_table.lock);
	free(job->system_identifier);
	job->system_identifier = mem_strdup(identifier);
	pthread_mutex_unlock(&job_table.lock);
}

void
job_copied(Job *job)
{
	pthread_mutex_lock(&job_table.lock);
	job->copied = true;
	pthread_mutex_unlock(&job_table.lock);
}

void
job_needs_wal(Job *job, bool needs)
{
	pthread_mutex_lock(&job_table.lock);
	if (job->needs_wal != needs)
	{
		job->needs_wal = needs;
		job_touch(job);
	}
	pthread_mutex_unlock(&job_table.lock);
}

bool
job_run(Job *job, const char *const *arguments, int64_t deadline_ms, bool (*tick)(void *arg),
		void *arg, RunResult *result)
{
	JobRun run = {job, tick, arg};
	RunRequest request = job_run_request(&run, deadline_ms);

	if (tick != NULL)
	{
		request.tick = run_ticks;
		request.tick_ms = 200;
	}
	barman_run(&request, arguments, result);
	return job_run_ended(job);
}

RunRequest
job_run_request(JobRun *run, int64_t deadline_ms)
{
	RunRequest request = {
		.deadline_ms = deadline_ms,
		.grace_ms = CANCEL_GRACE_MS,
		.control = run->job->control,
		.started = run_started,
		.arg = run,
	};

	return request;
}

bool
job_run_ended(Job *job)
{
	pthread_mutex_lock(&job_table.lock);
	job->process = 0;
	pthread_mutex_unlock(&job_table.lock);
	return !run_control_cancelled(job->control);
}

/* In the job's thread, once its process runs: the next sidecar ends it after a crash. */
static void
run_started(void *arg, pid_t pid)
{
	Job *job = ((JobRun *) arg)->job;

	pthread_mutex_lock(&job_table.lock);
	job->process = pid;
	job->process_start = process_start_time(pid);
	pthread_mutex_unlock(&job_table.lock);
	job_write_record(job);
}

static bool
run_ticks(void *arg)
{
	JobRun *run = arg;

	return run->tick(run->arg);
}

uint64_t
job_run_work(Job *job)
{
	pid_t process;
	uint64_t start;

	pthread_mutex_lock(&job_table.lock);
	process = job->process;
	start = job->process_start;
	pthread_mutex_unlock(&job_table.lock);
	return process > 0 ? process_group_work(process, getsid(0), start) : 0;
}

bool
job_sleep(Job *job, int64_t milliseconds)
{
	return run_control_sleep(job->control, milliseconds);
}

bool
job_cancelled(const Job *job)
{
	return run_control_cancelled(job->control);
}

void
job_done(Job *job, json_t *result)
{
	char *text = mem_printf("done (after %.1f s)", (double) job_elapsed_ms(job) / 1000);

	pthread_mutex_lock(&job_table.lock);
	job_decide(job, STATE_DONE, job_shorten(result), NULL);
	job_add_line(job, JOB_INFO, text);
	pthread_mutex_unlock(&job_table.lock);
	free(text);
}

void
job_fail(Job *job, const char *code, const char *message, const char *detail, const char *hint)
{
	char *plain_message = barman_redact_text(message, strlen(message));
	char *plain_detail = detail != NULL ? barman_redact_text(detail, strlen(detail)) : NULL;

	pthread_mutex_lock(&job_table.lock);
	job_decide(job, STATE_FAILED, NULL,
			   job_shorten(error_json(code, plain_message, plain_detail, hint)));
	pthread_mutex_unlock(&job_table.lock);
	free(plain_message);
	free(plain_detail);
}

void
job_fail_with(Job *job, BarmanFailure *failure)
{
	job_fail(job, failure->code != NULL ? failure->code : BARMAN_INTERNAL,
			 failure->message != NULL ? failure->message : "unknown failure", failure->detail,
			 failure->hint);
	barman_failure_clear(failure);
}

void
job_decide(Job *job, JobState state, json_t *result, json_t *error)
{
	json_decref(job->result);
	json_decref(job->error);
	job->result = result;
	job->error = error;
	job->decided = true;
	job->decision = state;
	job->ended = timestamp_now();
	job->elapsed_ms = monotonic_ms() - job->clock;
	job->needs_wal = false;
}

void
job_settle(Job *job)
{
	char elapsed[32];

	job->state = job->decision;
	job_tally_add(job);
	snprintf(elapsed, sizeof(elapsed), "%lld", (long long) job->elapsed_ms);
	log_line(job->state == STATE_DONE ? LOGLEVEL_INFO : LOGLEVEL_WARNING, "job ended", "id", job->id,
			 "kind", job->kind, "server", job->server, "state", job_state_names[job->state], "ms",
			 elapsed, "error", json_string_value(json_object_get(job->error, "message")), "detail",
			 json_string_value(json_object_get(job->error, "detail")), NULL);
	run_control_destroy(job->control);
	job->control = NULL;
	job_request_release(&job->asked);
	json_decref(job->log);
	job->log = NULL; /* read from its file from now on */
	job->does = NULL;
	job_touch(job);
	job_table.running--;
	pthread_cond_broadcast(&job_table.ended);
}
