/*
 * cron.c
 *
 * Runs "barman cron", which archives WAL and keeps pg_receivewal running.
 * Never ends those daemons: cron starts them in sessions of their own.
 */
#include "jobs/cron.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barman/backup_hold.h"
#include "barman/command.h"
#include "barman/read_cache.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"

/* cron only starts other processes: it ends soon unless PostgreSQL hangs. */
#define CRON_DEADLINE_MS 120000

/* How long cron_stop() waits for a run in progress */
#define CRON_STOP_MS 3000

static void cron_body(Job *job, const void *unused);
static void *cron_main(void *arg);
static void run_once(void);
static void archive_held(void);
static void note_end(const RunResult *result, char *trouble);

const JobKind job_cron = {.name = "cron", .body = cron_body};

/* Of two runs at a time, the second would fail on Barman's own lock. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_t thread;
static bool started;
static bool stopping;
static bool busy;
static int interval_ms;
static RunControl *control;
static char *last_failure; /* NULL: the last run succeeded */
static int64_t last_ended; /* timestamp_now(); 0: none ended yet */

static void
cron_body(Job *job, const void *unused)
{
	const char *command[] = {"cron", NULL};
	RunResult result;
	BarmanFailure failure;
	BarmanOutput output;
	json_t *messages;
	char *trouble = NULL;

	(void) unused;
	job_log(job, JOB_INFO, "running Barman's maintenance for all servers");
	while (pthread_mutex_trylock(&one_at_a_time) != 0)
	{
		if (!job_sleep(job, 50))
			return;
	}
	job_run(job, command, CRON_DEADLINE_MS, NULL, NULL, &result);
	pthread_mutex_unlock(&one_at_a_time);

	output = runner_output(&result);
	messages = json_checked(barman_parse_messages(&output));
	job_log_messages(job, json_incref(messages));
	if (!barman_run_succeeded(&result, "cron", &failure))
	{
		trouble = mem_strdup(failure.message);
		job_fail_with(job, &failure);
	}
	else
	{
		json_t *texts = json_checked(json_array());
		json_t *message;
		char *detail = mem_strdup("");
		size_t i;

		json_array_foreach (messages, i, message)
		{
			const char *text = json_string_value(json_object_get(message, "text"));
			char *longer = mem_printf("%s%s%s", detail, detail[0] ? "\n" : "", text);

			json_array_append(texts, json_object_get(message, "text"));
			free(detail);
			detail = longer;
		}
		reads_invalidate(NULL);
		if (result.exit_code == 0)
			job_done(job, json_checked(json_pack("{s:O}", "messages", texts)));
		else
		{
			trouble = mem_printf("exit code %d: %s", result.exit_code, detail);
			job_fail(job, BARMAN_FAILED, "\"barman cron\" failed", detail[0] ? detail : NULL,
					 "Look at Barman's log.");
		}
		json_decref(texts);
		free(detail);
	}
	note_end(&result, trouble);
	json_decref(messages);
	runner_free(&result);
}

bool
cron_start(int interval)
{
	if (interval == 0)
		return true;
	interval_ms = interval * 1000;
	stopping = false;
	control = run_control_create();
	if (control == NULL)
		return false;
	monotonic_cond_init(&changed);
	started = pthread_create(&thread, NULL, cron_main, NULL) == 0;
	return started;
}

/*
 * Waits a moment for a run in progress: if it is killed between fork() and
 * setsid(), a new daemon dies with it.
 */
void
cron_stop(void)
{
	struct timespec until = monotonic_timespec(monotonic_ms() + CRON_STOP_MS);

	if (!started)
		return;
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_broadcast(&changed);
	while (busy && pthread_cond_timedwait(&changed, &lock, &until) == 0)
		;
	pthread_mutex_unlock(&lock);
	run_control_hurry(control);
	pthread_join(thread, NULL);
	run_control_destroy(control);
	control = NULL;
	started = false;
	pthread_mutex_lock(&lock);
	free(last_failure);
	last_failure = NULL;
	pthread_mutex_unlock(&lock);
}

void
cron_last_run(int64_t *ended, char **failure)
{
	pthread_mutex_lock(&lock);
	*ended = last_ended;
	*failure = mem_strdup(last_failure);
	pthread_mutex_unlock(&lock);
}

static void *
cron_main(void *arg)
{
	(void) arg;
	pthread_mutex_lock(&lock);
	while (!stopping)
	{
		struct timespec until;

		busy = true;
		pthread_mutex_unlock(&lock);
		pthread_mutex_lock(&one_at_a_time);
		run_once();
		pthread_mutex_unlock(&one_at_a_time);
		pthread_mutex_lock(&lock);
		busy = false;
		pthread_cond_broadcast(&changed);

		until = monotonic_timespec(monotonic_ms() + interval_ms);
		while (!stopping && pthread_cond_timedwait(&changed, &lock, &until) == 0)
			;
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void
run_once(void)
{
	const char *command[] = {"-q", "cron", NULL};
	RunRequest request = {
		.deadline_ms = CRON_DEADLINE_MS,
		.grace_ms = 5000,
		.control = control,
	};
	RunResult result;
	BarmanFailure failure;
	char *trouble = NULL;

	barman_run_console(&request, command, &result);
	if (!barman_run_succeeded(&result, "cron", &failure))
		trouble = mem_strdup(failure.message);
	else if (result.exit_code != 0)
	{
		char *words = barman_redact_text(result.err, strnlen(result.err, 1000));

		trouble = mem_printf("exit code %d: %s", result.exit_code, words != NULL ? words : "");
		free(words);
	}
	barman_failure_clear(&failure);

	note_end(&result, trouble);
	runner_free(&result);
	archive_held();
}

/* Archives WAL of servers whose backup is being copied, which cron skips */
static void
archive_held(void)
{
	json_t *servers = backup_held_servers();
	json_t *server;
	size_t i;

	json_array_foreach (servers, i, server)
	{
		const char *command[] = {"-q", "archive-wal", json_string_value(server), NULL};
		RunRequest request = {
			.deadline_ms = CRON_DEADLINE_MS,
			.grace_ms = 5000,
			.control = control,
		};
		RunResult result;

		barman_run_console(&request, command, &result);
		runner_free(&result);
	}
	json_decref(servers);
}

/* Logs when cron begins to fail, fails for another reason, or works again. */
static void
note_end(const RunResult *result, char *trouble)
{
	pthread_mutex_lock(&lock);
	if (result->outcome == RUN_CANCELLED)
	{
		/* the sidecar cancelled it: not a failure of Barman */
		free(trouble);
		pthread_mutex_unlock(&lock);
		return;
	}
	if (trouble != NULL && (last_failure == NULL || strcmp(trouble, last_failure) != 0))
		log_line(LOGLEVEL_WARNING, "barman cron failed", "cause", trouble, NULL);
	else if (trouble == NULL && last_failure != NULL)
		log_line(LOGLEVEL_INFO, "barman cron works again", NULL);
	free(last_failure);
	last_failure = trouble;
	last_ended = timestamp_now();
	pthread_mutex_unlock(&lock);
}
