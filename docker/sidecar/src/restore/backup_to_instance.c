/*
 * backup_to_instance.c
 *
 * Restores a backup below --instance-root, starts it apart from production,
 * and waits until recovery has ended.  Removes everything if the restore
 * fails; what is to be refreshed, only once its server was ended.
 */
#include "restore/running_restore.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "barman/backup_memory.h"
#include "barman/read_cache.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "jobs/switch_wal.h"
#include "restore/archived_wal.h"
#include "restore/backup_to_instance.h"
#include "restore/copy_backup.h"
#include "restore/failure_cause.h"
#include "restore/hold_backup.h"
#include "restore/host_fits.h"
#include "restore/instance_files.h"
#include "restore/named_points.h"
#include "restore/received_wal.h"
#include "restore/recover.h"
#include "restore/recovery_reach.h"
#include "restore/segment_name.h"

#define LOOK_MS			  100
#define CHECK_DEADLINE_MS 120000

static void restore_body(Job *job, const void *request);
static void drop_body(Job *job, const void *request);
static bool read_backup(Restore *restore, const char *id);
static json_t *log_reach(Restore *restore, const Recovery *recovery);
static void end(Restore *restore, const Recovery *recovery);
static void remove_instance(Restore *restore);

const JobKind job_restore = {.name = "restore", .body = restore_body};
const JobKind job_drop_instance = {.name = "drop_instance", .body = drop_body, .frees_room = true};

static void
restore_body(Job *job, const void *request)
{
	const RestoreRequest *asked = request;
	Restore restore = restore_begin(job, asked);
	Recovery recovery = {0};

	/* complete the backup first: a hold can stop the maintenance that does so */
	if (restore_find_backup(&restore) && restore_host_serves(&restore) &&
		restore_complete_backup(&restore) && restore_hold(&restore) && restore_bring_wal(&restore) &&
		restore_timeline_is_reached(&restore) && restore_target_is_archived(&restore) &&
		restore_copy(&restore) && restore_take_tail(&restore) && restore_count_points(&restore) &&
		restore_prepare(&restore) && (!asked->start || restore_recover(&restore, &recovery)))
		end(&restore, asked->start ? &recovery : NULL);
	else
		end(&restore, NULL);
	restore_let_go(&restore);
	json_decref(restore.backup);
	free(restore.isolation);
	json_decref(restore.tail);
	free(recovery.lsn);
	free(recovery.time);
}

Restore
restore_begin(Job *job, const RestoreRequest *request)
{
	Restore restore = {
		.job = job,
		.request = request,
		.instance = instance_claimed(request->instance),
		.target = request->target,
		.recovery_ms = -1,
		.tail = json_checked(json_array()),
	};

	restore.directory = instance_directory(restore.instance);
	restore.is_former = request->refresh;
	return restore;
}

void
drop_request_free(void *request)
{
	DropRequest *asked = request;

	free(asked->instance);
	free(asked);
}

static void
drop_body(Job *job, const void *request)
{
	const char *name = ((const DropRequest *) request)->instance;
	Instance *instance = instance_claimed(name);
	char *directory = mem_strdup(instance_directory(instance));
	json_t *value;

	job_phase(job, "removing");
	if (instance_dropped(instance))
	{
		value = json_checked(json_object());
		json_object_set_new(value, "instance", json_text(name));
		json_object_set_new(value, "state", json_text("dropped"));
		job_done(job, value);
	}
	else
	{
		char *message = mem_printf("instance \"%s\" could not be removed", name);

		job_fail(job, BARMAN_INTERNAL, message, directory, "See the sidecar's log for the cause.");
		free(message);
	}
	free(directory);
}

/* Looks up the backup that the route has chosen */
bool
restore_find_backup(Restore *restore)
{
	const char *id = restore->request->backup_id;
	const json_t *size;
	char *words;

	job_phase(restore->job, "checking");
	instance_restores(restore->instance, id);
	restore->backup = backup_memory_find(job_server(restore->job), id);
	if (restore->backup == NULL && !read_backup(restore, id))
		return false;
	job_name_cluster(restore->job, json_text_of(restore->backup, "system_id"));
	words = restore_segment_size_is_bad(restore->backup);
	if (words != NULL)
		restore_fail(restore, BARMAN_WRONG_STATE, words,
					 "Find out what answers for pg_settings where Barman connects.",
					 "backup %s cannot be restored: what is recorded of it cannot be", id);
	free(words);
	if (restore->error != NULL)
		return false;
	size = json_object_get(restore->backup, "cluster_size");
	if (!json_is_integer(size))
		size = json_object_get(restore->backup, "size");
	restore->expected = json_integer_value(size);
	return true;
}

static bool
read_backup(Restore *restore, const char *id)
{
	ReadTarget target = {READ_BACKUP, job_server(restore->job), id};
	Answer *answer = reads_wait(&target, READ_AGE_DEFAULT);
	bool good = answer->status == 200;

	if (good)
	{
		json_decref(restore->backup);
		restore->backup = json_checked(json_deep_copy(json_object_get(answer->value, "backup")));
	}
	else if (restore_backup_is_there(restore))
		restore_fail_with(restore, json_object_get(answer->value, "error"));
	answer_release(answer);
	return good;
}

/* Completes a copied backup that waits for WAL: it cannot be restored before. */
bool
restore_complete_backup(Restore *restore)
{
	Job *job = restore->job;
	int64_t deadline = monotonic_ms() + WAL_MS;
	char *id = mem_strdup(json_text_of(restore->backup, "backup_id"));
	const char *command[] = {"check-backup", job_server(job), id, NULL};
	bool waited = false;
	bool good = true;

	while (good && strcmp(json_text_of(restore->backup, "status"), "WAITING_FOR_WALS") == 0)
	{
		RunResult result;

		if (!waited)
			job_log(job, JOB_INFO, "backup %s waits for the WAL that closes it", id);
		waited = true;
		job_needs_wal(job, true);
		if (monotonic_ms() >= deadline)
			good = restore_fail(restore, BARMAN_WRONG_STATE,
								"The segment that closes it has not been archived in time.",
								"SELECT * FROM poc_check() WHERE NOT ok tells whether Barman receives WAL.",
								"backup %s is not whole: it waits for WAL", id);
		else if (!job_sleep(job, LOOK_MS * 5) || !archive_wal(job))
			good = false;
		else
		{
			good = job_run(job, command, CHECK_DEADLINE_MS, NULL, NULL, &result);
			runner_free(&result);
			reads_invalidate(job_server(job));
			good = good && read_backup(restore, id);
		}
	}
	if (waited)
		job_needs_wal(job, false);
	if (good && strcmp(json_text_of(restore->backup, "status"), "DONE") != 0)
		good = restore_fail(restore, BARMAN_WRONG_STATE, NULL,
							"Choose a backup whose status is DONE.",
							"backup %s cannot be restored: it is %s", id,
							json_text_of(restore->backup, "status"));
	free(id);
	return good;
}

/* Warns of unreached WAL only if the caller asked for all there is. */
static json_t *
log_reach(Restore *restore, const Recovery *recovery)
{
	json_t *reach = restore_reach(restore, recovery);
	char *words = restore_reach_words(reach);
	char *hole = recovery != NULL ? restore_hole(restore, recovery) : NULL;
	bool less = json_integer_value(json_object_get(reach, "unreached_bytes")) > 0;

	/* report a hole even if the number of missing bytes is unknown */
	if (hole != NULL)
		job_log(restore->job, JOB_WARNING, "recovered to %s%s. %s",
				json_text_of(reach, "recovered_lsn"), words, hole);
	else if (recovery != NULL && less)
		job_log(restore->job,
				restore_is_of_all(restore) && !restore->wal_arrived ? JOB_WARNING : JOB_INFO,
				"recovered to %s%s", json_text_of(reach, "recovered_lsn"), words);
	free(hole);
	free(words);
	return reach;
}

static void
end(Restore *restore, const Recovery *recovery)
{
	Job *job = restore->job;
	json_t *value;

	if (restore->error == NULL && !job_cancelled(job))
	{
		if (recovery == NULL)
			job_log(job, JOB_INFO,
					"restored into %s/" INSTANCE_DATA
					", not started; to start it: %s/postgres -D %s/" INSTANCE_DATA
					" -c config_file=%s/" INSTANCE_CONFIG,
					restore->directory, settings.pg_bindir, restore->directory, restore->directory);
		value = json_checked(json_object());
		json_object_set_new(value, "instance",
							instance_ready(restore->instance, restore->restore_ms,
										   restore->recovery_ms, recovery));
		json_object_set_new(value, "reach", log_reach(restore, recovery));
		json_object_set_new(value, "delta", json_boolean(restore->is_delta));
		job_done(job, value);
		return;
	}
	if (restore->error == NULL)
		restore->error = error_json("cancelled", "the restore was cancelled",
									restore->is_former ? "The instance is what it was."
													   : "What had been restored was removed.",
									NULL);
	if (restore->is_former)
		instance_give_back(restore->instance);
	else
		remove_instance(restore);
	if (!job_cancelled(job))
		job_fail(job, json_text_of(restore->error, "code"), json_text_of(restore->error, "message"),
				 json_text_of(restore->error, "detail"), json_text_of(restore->error, "hint"));
	json_decref(restore->error);
}

static void
remove_instance(Restore *restore)
{
	Job *job = restore->job;

	job_phase(job, "removing");
	if (restore->request->refresh)
		job_log(job, JOB_WARNING,
				"instance \"%s\" is removed: the server that it had was ended for the refresh",
				restore->request->instance);
	if (!instance_failed(restore->instance, json_incref(restore->error)))
		job_log(job, JOB_WARNING, "what was restored could not be removed: drop the instance");
}
