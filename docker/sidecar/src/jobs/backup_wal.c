/*
 * backup_wal.c
 *
 * Waits until the WAL that closes a copied backup is archived, and the catalogue
 * lists it as DONE.
 */
#include "jobs/backup_wal.h"

#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/command.h"
#include "barman/json.h"
#include "barman/read_cache.h"
#include "barman/read_commands.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/switch_wal.h"

/* How often to look for new WAL, and how often to query the catalogue in any case */
#define LOOK_MS		 100
#define ASK_EVERY_MS 5000

/*
 * How long to leave it to the caller to write WAL, then the pause between the
 * switches that this job forces.  Each switch adds a segment to the archive,
 * so the pauses double.
 */
#define LEAVE_MS		 10000
#define SWITCH_AGAIN_MS	 5000
#define SWITCH_RARELY_MS 60000

/* Since Barman 3.9, "switch-wal --force" does not need a superuser. */
#define VERSION_FORCE_SWITCH 30900

#define CHECK_DEADLINE_MS  120000
#define SWITCH_DEADLINE_MS 40000

typedef struct CopiedBackup
{
	Job *job;
	const char *id;
	const char *error; /* why it failed, as Barman reports it, or NULL */
	const char *hint;  /* what helps against that, or NULL */
} CopiedBackup;

static bool look_at_catalogue(const CopiedBackup *copied, bool *waiting);
static bool wait_for_change(Job *job, uint64_t *seen, int64_t until);
static bool check_backup(const CopiedBackup *copied);
static bool force_switch(Job *job, bool *warned);
static void still_waiting(const CopiedBackup *copied);

/*
 * The copy is done; wait until the WAL up to its end is archived.  On a quiet
 * server no segment fills up, and only the primary can write WAL: needs "wal"
 * asks the caller to.  Otherwise have Barman switch.  If Barman's output says
 * that the backup waits for WAL, skip the first query of the catalogue.
 */
void
backup_await_wal(Job *job, const json_t *run, int64_t deadline)
{
	CopiedBackup copied = {job, json_text_of(run, "backup_id"), json_text_of(run, "error"),
						   json_text_of(run, "hint")};
	bool waiting = json_is_true(json_object_get(run, "waiting"));
	int64_t began = monotonic_ms();
	int64_t next_switch = began + LEAVE_MS;
	int64_t pause = SWITCH_AGAIN_MS;
	uint64_t seen = catalogue_wal_signature(job_server(job));
	bool announced = false;
	bool warned = false;

	job_copied(job);
	for (bool first = true;; first = false)
	{
		int64_t until;

		reads_invalidate(job_server(job));
		if (!(first && waiting) && !look_at_catalogue(&copied, &waiting))
			return; /* look_at_catalogue() has ended the job */
		if (waiting && monotonic_ms() >= deadline)
		{
			still_waiting(&copied);
			return;
		}
		if (waiting && !announced)
		{
			job_needs_wal(job, true);
			job_log(job, JOB_INFO, "backup %s is copied and waits for the WAL that closes it",
					copied.id);
			job_phase(job, "waiting_for_wal");
			announced = true;
		}

		until = monotonic_ms() + ASK_EVERY_MS;
		if (until > deadline)
			until = deadline;
		if (until > next_switch)
			until = next_switch;
		if (!wait_for_change(job, &seen, until))
			return;
		if (monotonic_ms() >= next_switch)
		{
			next_switch = monotonic_ms() + pause;
			pause = pause * 2 < SWITCH_RARELY_MS ? pause * 2 : SWITCH_RARELY_MS;
			if (barman_version() >= VERSION_FORCE_SWITCH && !force_switch(job, &warned))
				return;
		}
		if (!archive_wal(job) || !check_backup(&copied))
			return;
	}
}

/*
 * Queries the catalogue.  True if the job goes on; *waiting is false only if
 * the query failed.
 */
static bool
look_at_catalogue(const CopiedBackup *copied, bool *waiting)
{
	ReadTarget target = {READ_BACKUPS, job_server(copied->job), ""};
	Answer *answer = reads_wait(&target, READ_AGE_DEFAULT);
	json_t *backups = json_object_get(answer->value, "backups");
	json_t *found = NULL;
	json_t *backup;
	const char *status;
	size_t i;
	bool going_on = true;

	*waiting = true;
	json_array_foreach (backups, i, backup)
	{
		const char *id = json_string_value(json_object_get(backup, "backup_id"));

		if (id != NULL && copied->id != NULL && strcmp(id, copied->id) == 0)
			found = backup;
	}
	status = json_string_value(json_object_get(found, "status"));
	if (answer->status != 200)
		*waiting = false; /* Barman cannot answer now: try again */
	else if (found == NULL)
	{
		job_fail(copied->job, BARMAN_UNKNOWN_BACKUP, "the new backup is not in the catalogue",
				 copied->id, "Was it deleted meanwhile?");
		going_on = false;
	}
	else if (status != NULL && strcmp(status, "DONE") == 0)
	{
		json_t *result = json_checked(json_object());

		json_object_set_new(result, "backup", json_checked(json_deep_copy(found)));
		job_done(copied->job, result);
		going_on = false;
	}
	else if (status != NULL && strcmp(status, "FAILED") == 0)
	{
		char *message = mem_printf("backup %s failed", copied->id);
		const char *error = json_string_value(json_object_get(found, "error"));

		job_fail(copied->job, BARMAN_FAILED, message, error != NULL ? error : copied->error,
				 copied->hint != NULL
					 ? copied->hint
					 : "Look at Barman's log; a failed backup stays in the list until it is deleted.");
		free(message);
		going_on = false;
	}
	answer_release(answer);
	return going_on;
}

/* Waits until WAL files come or go, or until the time is up; false if cancelled. */
static bool
wait_for_change(Job *job, uint64_t *seen, int64_t until)
{
	for (;;)
	{
		uint64_t signature = catalogue_wal_signature(job_server(job));

		if (signature != *seen)
		{
			*seen = signature;
			return true;
		}
		if (monotonic_ms() >= until)
			return true;
		if (!job_sleep(job, LOOK_MS))
			return false;
	}
}

/* Has Barman check whether all WAL is archived; it then sets the status to DONE. */
static bool
check_backup(const CopiedBackup *copied)
{
	const char *command[] = {"check-backup", job_server(copied->job), copied->id, NULL};
	RunResult result;
	bool going_on = job_run(copied->job, command, CHECK_DEADLINE_MS, NULL, NULL, &result);

	runner_free(&result);
	return going_on;
}

static bool
force_switch(Job *job, bool *warned)
{
	/* without --archive, which would also wait for the next WAL */
	const char *command[] = {"switch-wal", "--force", job_server(job), NULL};
	RunResult result;
	BarmanOutput output;
	bool going_on;

	job_log(job, JOB_INFO, "no WAL came: having Barman switch to a new segment");
	going_on = job_run(job, command, SWITCH_DEADLINE_MS, NULL, NULL, &result);
	output = runner_output(&result);
	if (going_on && !*warned && !(result.outcome == RUN_EXITED && result.exit_code == 0))
	{
		job_log_messages(job, json_checked(barman_parse_messages(&output)));
		*warned = true;
	}
	runner_free(&result);
	return going_on;
}

static void
still_waiting(const CopiedBackup *copied)
{
	char *message = mem_printf("backup %s is copied, but still waits for WAL", copied->id);

	job_fail(copied->job, BARMAN_TIMEOUT, message,
			 "The segment that ends it has not been archived in time.",
			 "It becomes DONE once it is: write something on the server, switch WAL, and run cron.");
	free(message);
}
