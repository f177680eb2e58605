/*
 * backup.c
 *
 * Takes a base backup.  Does not trust the status that "barman backup" prints: the
 * last WAL segment is not archived then.  backup_wal.c waits for that.
 */
#include "jobs/backup.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "barman/backup_info.h"
#include "barman/catalogue.h"
#include "barman/command.h"
#include "barman/json.h"
#include "barman/read_cache.h"
#include "barman/read_commands.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/backup_wal.h"
#include "jobs/switch_wal.h"

/* Barman checks the server before it copies; with a frozen server the check never ends. */
#define START_MS 120000

/* Limit of the copy if the caller sets none; no copy on a healthy host takes longer. */
#define COPY_MS (INT64_C(7) * 24 * 3600 * 1000)

/* Limit of the wait for WAL if the caller sets none */
#define WAIT_MS (INT64_C(3600) * 1000)

#define LOOK_MS 100

/* "backup", its options and their values, the server, and the end */
#define COMMAND_MAX 8

typedef struct BackupRun
{
	Job *job;
	json_t *before; /* backups before the run: {id: true} */
	char *id;		/* ID of the new backup, once it appears */
	bool watched;	/* whether this job can see it appear */
} BackupRun;

static void backup_body(Job *job, const void *request);
static void fill_command(const char **command, const BackupRequest *asked, const char *server);
static json_t *without_false_alarm(json_t *messages);
static bool wait_for_new_id(BackupRun *run);
static bool watch_copy(void *arg);
static void find_new_id(BackupRun *run);
static void count_what_is_left(BackupRun *run);
static void explain_refusal(BackupRun *run, BarmanFailure *failure);

const JobKind job_backup = {.name = "backup",
							.exclusive = true,
							.body = backup_body,
							.makes_backups = true};

void
backup_request_free(void *request)
{
	BackupRequest *asked = request;

	free(asked->parent_id);
	free(asked->name);
	free(asked);
}

static void
backup_body(Job *job, const void *request)
{
	const BackupRequest *asked = request;
	int64_t limit = asked->timeout_ms == 0 ? COPY_MS : asked->timeout_ms;
	int64_t began = monotonic_ms();
	BackupRun run = {.job = job};
	const char *command[COMMAND_MAX];
	RunResult result;
	BarmanFailure failure;
	BarmanOutput output;
	json_t *value = NULL;

	job_phase(job, "starting");
	job_log(job, JOB_INFO, "taking %s base backup of server \"%s\"",
			asked->parent_id != NULL ? "an incremental" : "a full", job_server(job));
	run.watched = reads_learn_directories(job_server(job));
	run.before = catalogue_backup_ids(job_server(job));

	fill_command(command, asked, job_server(job));
	if (!wait_for_new_id(&run))
	{
		json_decref(run.before);
		return;
	}
	if (job_run(job, command, limit, watch_copy, &run, &result))
	{
		output = runner_output(&result);
		job_log_messages(job, without_false_alarm(json_checked(barman_parse_messages(&output))));
		if (barman_run_succeeded(&result, "backup", &failure))
			value = barman_parse_backup_run(&output, job_server(job), &failure);
		if (value == NULL)
		{
			count_what_is_left(&run);
			explain_refusal(&run, &failure);
			job_fail_with(job, &failure);
		}
		else
			backup_await_wal(job, value,
							 asked->timeout_ms == 0 ? monotonic_ms() + WAIT_MS : began + limit);
		json_decref(value);
	}
	else
		count_what_is_left(&run);
	runner_free(&result);
	json_decref(run.before);
	free(run.id);
}

/* No --wait: Barman before 3.5 loses the name with it, and it may never end. */
static void
fill_command(const char **command, const BackupRequest *asked, const char *server)
{
	int n = 0;

	command[n++] = "backup";
	if (asked->parent_id != NULL)
	{
		command[n++] = "--incremental";
		command[n++] = asked->parent_id;
	}
	if (asked->name != NULL)
	{
		command[n++] = "--name";
		command[n++] = asked->name;
	}
	if (asked->immediate_checkpoint)
		command[n++] = "--immediate-checkpoint";
	command[n++] = server;
	command[n] = NULL;
}

/*
 * The run failed, but Barman's maintenance still completes a finished copy
 * once its WAL is archived.  The backup counts unless Barman lists it as
 * FAILED or it does not exist.
 */
static void
count_what_is_left(BackupRun *run)
{
	const char *server = job_server(run->job);
	ReadTarget target = {READ_BACKUPS, server, ""};
	json_t *one;
	json_t *backup;
	char *status;
	size_t i;

	find_new_id(run);
	if (run->watched && run->id == NULL)
		return;
	backup = run->id != NULL ? backup_info_find(server, run->id) : NULL;
	status = mem_strdup(json_text_of(backup, "status"));
	json_decref(backup);
	if (status == NULL && run->id != NULL)
	{
		Answer *answer;

		reads_invalidate(server);
		answer = reads_wait(&target, READ_AGE_DEFAULT);
		if (answer->status == 200)
			status = mem_strdup("FAILED"); /* unless the list has it */
		json_array_foreach (json_object_get(answer->value, "backups"), i, one)
		{
			const char *id = json_text_of(one, "backup_id");

			if (id != NULL && strcmp(id, run->id) == 0)
			{
				free(status);
				status = mem_strdup(json_text_of(one, "status"));
			}
		}
		answer_release(answer);
	}
	if (status == NULL || strcmp(status, "FAILED") != 0)
		job_copied(run->job);
	free(status);
}

/*
 * Barman names a backup after the second in which it begins, and replaces an
 * older one of that name, such as a cancelled one.  Wait for a second without
 * a backup.  False if cancelled.
 */
static bool
wait_for_new_id(BackupRun *run)
{
	for (;;)
	{
		time_t now = time(NULL);
		struct tm local;
		char id[32];

		strftime(id, sizeof(id), "%Y%m%dT%H%M%S", localtime_r(&now, &local));
		if (json_object_get(run->before, id) == NULL)
			return true;
		if (!job_sleep(run->job, LOOK_MS))
			return false;
	}
}

/*
 * Barman warns that the backup waits for WAL and advises --wait.  Drop this
 * message: the job waits for that WAL next.
 */
static json_t *
without_false_alarm(json_t *messages)
{
	size_t i = 0;

	while (i < json_array_size(messages))
	{
		const char *text = json_string_value(json_object_get(json_array_get(messages, i), "text"));

		if (text != NULL && strstr(text, "classified as WAITING_FOR_WALS") != NULL)
			json_array_remove(messages, i);
		else
			i++;
	}
	return messages;
}

/* Looks for the new backup while Barman runs; false if none appears in time. */
static bool
watch_copy(void *arg)
{
	BackupRun *run = arg;

	if (run->id != NULL)
		return true;
	if (!run->watched)
		return true;
	find_new_id(run);
	if (run->id != NULL)
	{
		job_log(run->job, JOB_INFO, "backup %s has begun", run->id);
		job_name_cluster(run->job, NULL);
		job_phase(run->job, "copying");
		return true;
	}
	return job_elapsed_ms(run->job) < START_MS;
}

static void
find_new_id(BackupRun *run)
{
	json_t *now = run->watched && run->id == NULL ? catalogue_backup_ids(job_server(run->job)) : NULL;
	const char *id;
	json_t *value;

	json_object_foreach (now, id, value)
	{
		if (json_object_get(run->before, id) == NULL)
		{
			run->id = mem_strdup(id);
			break;
		}
	}
	json_decref(now);
}

/*
 * "Impossible to start the backup" gives no reason; add the failing checks,
 * which often do.
 */
static void
explain_refusal(BackupRun *run, BarmanFailure *failure)
{
	ReadTarget target = {READ_CHECK, job_server(run->job), ""};
	Answer *answer;
	json_t *check;
	size_t i;

	if (failure->code == NULL || strcmp(failure->code, BARMAN_FAILED) != 0 || run->id != NULL ||
		job_cancelled(run->job))
		return;
	reads_invalidate(job_server(run->job));
	answer = reads_wait(&target, READ_AGE_DEFAULT);
	json_array_foreach (json_object_get(answer->value, "checks"), i, check)
	{
		const char *name = json_string_value(json_object_get(check, "check_name"));
		const char *hint = json_string_value(json_object_get(check, "hint"));
		char *longer;

		if (json_is_true(json_object_get(check, "ok")) || name == NULL)
			continue;
		longer = mem_printf("%s%sFailing check: %s%s%s%s",
							failure->detail != NULL ? failure->detail : "",
							failure->detail != NULL ? "\n" : "", name,
							hint != NULL && hint[0] != '\0' ? " (" : "", hint != NULL ? hint : "",
							hint != NULL && hint[0] != '\0' ? ")" : "");
		free(failure->detail);
		failure->detail = longer;
	}
	answer_release(answer);
}
