/*
 * drill.c
 *
 * Restores a backup, checks what it brought back, and removes it.
 */
#include "proof/drill.h"

#include <stdlib.h>

#include "barman/lsn.h"
#include "barman/read_commands.h"
#include "base/directory.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "proof/drill_steps.h"
#include "proof/examine_server.h"
#include "proof/last_drill.h"
#include "restore/archived_wal.h"
#include "restore/backup_to_instance.h"
#include "restore/copy_backup.h"
#include "restore/failure_cause.h"
#include "restore/hold_backup.h"
#include "restore/host_fits.h"
#include "restore/received_wal.h"
#include "restore/recover.h"
#include "restore/recovery_reach.h"
#include "restore/running_restore.h"
#include "restore/segment_name.h"

/* There is much WAL to replay if it has this many segments and this part of the copied bytes */
#define MUCH_SEGMENTS 16
#define MUCH_PART	  4

static void drill_body(Job *job, const void *request);
static bool find_backup(Restore *restore, const DrillRequest *asked);
static bool copy_backup(Restore *restore);
static bool recover(Restore *restore, Recovery *recovery);
static void log_replay(const Restore *restore, const Recovery *recovery);
static void drill_stage(Restore *restore, const char *name, bool good, const char *detail);
static bool is_to_the_end(Restore *restore, const Recovery *recovery);
static bool is_isolated(Restore *restore);
static void end_drill(Restore *restore, const Recovery *recovery, int64_t marked_at, bool recovered,
					  bool good);
static int64_t age_of_newest(Restore *restore, const Recovery *recovery, int64_t marked_at);
static json_t *version_json(void);

const JobKind job_drill = {.name = "drill", .body = drill_body};

/*
 * A failure is a step that is not ok, not an error: the caller keeps the
 * receipt of a failed drill too.
 */
static void
drill_body(Job *job, const void *request)
{
	const DrillRequest *asked = request;
	Restore restore = restore_begin(job, &asked->restore);
	Recovery recovery = {0};
	ServerConfig config = instance_config(restore.instance);
	bool recovered;
	bool good;

	restore.is_drill = true;
	restore.is_kept = asked->keep;
	restore.drill = drill_result();
	restore.step_began = monotonic_ms();
	/* complete the backup first: a hold can stop the maintenance that does so */
	good = find_backup(&restore, asked) && restore_host_serves(&restore) &&
		   restore_complete_backup(&restore) && restore_hold(&restore);
	drill_stage(&restore, "backup", good, json_text_of(restore.backup, "backup_id"));
	if (good)
	{
		good = restore_bring_wal(&restore) && restore_timeline_is_reached(&restore) &&
			   restore_target_is_archived(&restore);
		drill_stage(&restore, "wal", good, asked->restore.wal_file);
	}
	recovered = good && copy_backup(&restore) && recover(&restore, &recovery);
	good = recovered && is_isolated(&restore) &&
		   drill_examine(job, &config,
						 (int) json_integer_value(
							 json_object_get(restore.backup, "postgresql_version")) /
							 10000,
						 asked, restore.drill);
	end_drill(&restore, &recovery, asked->marked_at, recovered, good);
	restore_let_go(&restore);
	json_decref(restore.backup);
	json_decref(restore.error);
	free(restore.isolation);
	json_decref(restore.tail);
	free(recovery.lsn);
	free(recovery.time);
}

/* What the route found to refuse is the result of the first step. */
static bool
find_backup(Restore *restore, const DrillRequest *asked)
{
	if (asked->refused == NULL)
		return restore_find_backup(restore);
	job_phase(restore->job, "checking");
	return restore_fail_with(restore, asked->refused);
}

/* Copies and configures the server, and adds the step. */
static bool
copy_backup(Restore *restore)
{
	bool good = restore_copy(restore) && restore_take_tail(restore) && restore_prepare(restore);
	char *notes = restore_host_notes(restore);
	char *copied = mem_printf("%lld bytes%s%s", (long long) directory_size(restore->directory).bytes,
							  notes[0] != '\0' ? ". " : "", notes);

	drill_stage(restore, "restore", good, copied);
	free(notes);
	free(copied);
	return good;
}

/* Runs recovery to its end, and adds the step. */
static bool
recover(Restore *restore, Recovery *recovery)
{
	bool good = restore_recover(restore, recovery) &&
				restore_is_on_its_timeline(restore, recovery) && is_to_the_end(restore, recovery);
	json_t *reach = restore_reach(restore, recovery);
	char *words = restore_reach_words(reach);
	char *reached = mem_printf("to %s on timeline %d%s",
							   recovery->lsn != NULL ? recovery->lsn : "an unknown position",
							   recovery->timeline, words);

	drill_stage(restore, "recovery", good, reached);
	if (good)
		log_replay(restore, recovery);
	json_object_set_new(restore->drill, "reach", reach);
	free(words);
	free(reached);
	return good;
}

/* Adds a step that took the time since the last one */
static void
drill_stage(Restore *restore, const char *name, bool good, const char *detail)
{
	const char *message = json_text_of(restore->error, "message");
	const char *cause = json_text_of(restore->error, "detail");
	const char *hint = json_text_of(restore->error, "hint");
	int64_t now = monotonic_ms();
	char *words;

	if (good)
		words = mem_strdup(detail);
	else
		words = mem_printf("%s%s%s%s%s", message != NULL ? message : "cancelled",
						   cause != NULL ? ": " : "", cause != NULL ? cause : "",
						   hint != NULL ? "\nHINT: " : "", hint != NULL ? hint : "");
	drill_step(restore->drill, name, good, now - restore->step_began, words);
	if (!good && !job_cancelled(restore->job))
		job_log(restore->job, JOB_WARNING, "%s: %s", name, words);
	restore->step_began = now;
	free(words);
}

/*
 * One process replays, so that WAL takes longer than the same bytes of a
 * backup.  If there is much WAL, logs what to do about it.
 */
static void
log_replay(const Restore *restore, const Recovery *recovery)
{
	const char *begin = json_text_of(restore->backup, "begin_lsn");
	int64_t backup = restore->expected;
	uint64_t from;
	uint64_t to;

	if (begin == NULL || recovery->lsn == NULL || !lsn_parse(begin, &from) ||
		!lsn_parse(recovery->lsn, &to) || to < from)
		return;
	if (to - from < MUCH_SEGMENTS * (uint64_t) restore_segment_size(restore->backup) ||
		(int64_t) (to - from) < backup / MUCH_PART)
		return;
	job_log(restore->job, JOB_INFO,
			"%llu bytes of WAL since the backup began were replayed: a newer backup restores faster; after a large load VACUUM (FREEZE) before the backup, for else who reads the rows first writes them to WAL again (data checksums, wal_log_hints)",
			(unsigned long long) (to - from));
}

/* Archived WAL after a hole is lost. */
static bool
is_to_the_end(Restore *restore, const Recovery *recovery)
{
	char *hole = restore_hole(restore, recovery);
	bool good = hole == NULL;

	if (!good)
		restore_fail(restore, BARMAN_WRONG_STATE, hole,
					 "Take a new backup: what lies behind cannot be had from this one.",
					 "recovery ended within the archive");
	free(hole);
	return good;
}

/* The server could start, so check that the kernel really confines it. */
static bool
is_isolated(Restore *restore)
{
	bool good = restore_is_isolated(restore);

	free(restore->isolation);
	restore->isolation = cage_words(&restore->held, "drill-network");
	drill_step(restore->drill, "isolation", good, 0, restore->isolation);
	return good;
}

/* Removes the server unless the caller keeps it; a cancelled drill keeps none. */
static void
end_drill(Restore *restore, const Recovery *recovery, int64_t marked_at, bool recovered, bool good)
{
	Job *job = restore->job;
	json_t *result = restore->drill;
	bool keep = recovered && !job_cancelled(job) && restore->is_kept;
	int64_t bytes = directory_size(restore->directory).bytes;
	int64_t began = monotonic_ms();

	json_object_set_new(result, "backup_id", json_text(json_text_of(restore->backup, "backup_id")));
	json_object_set_new(result, "barman_version", version_json());
	json_object_set_new(result, "bytes", json_integer(bytes));
	json_object_set_new(result, "timeline",
						recovery->timeline != 0 ? json_integer(recovery->timeline) : json_null());
	json_object_set_new(result, "recovered_lsn", json_text(recovery->lsn));
	json_object_set_new(result, "recovered_time", json_text(recovery->time));
	json_object_set_new(result, "restore_seconds",
						recovered ? json_real((double) restore->restore_ms / 1000) : json_null());
	json_object_set_new(result, "recovery_seconds",
						recovered ? json_real((double) restore->recovery_ms / 1000) : json_null());
	job_phase(job, "removing");
	if (keep)
		json_object_set_new(result, "instance",
							instance_ready(restore->instance, restore->restore_ms,
										   restore->recovery_ms, recovery));
	else
	{
		char *directory = mem_strdup(restore->directory);
		bool removed = instance_dropped(restore->instance);

		drill_step(result, "teardown", removed, monotonic_ms() - began, removed ? NULL : directory);
		if (!removed)
			job_log(job, JOB_WARNING, "what was restored could not be removed: drop the instance");
		good = good && removed;
		json_object_set_new(result, "instance", json_null());
		free(directory);
	}
	json_object_set_new(result, "ok", json_boolean(good));
	if (job_cancelled(job))
		json_decref(result);
	else
	{
		drill_record(job_server(job), good,
					 recovered ? restore->restore_ms + restore->recovery_ms : -1,
					 recovered ? age_of_newest(restore, recovery, marked_at) : -1);
		job_done(job, result);
	}
}

/*
 * The age of the newest data that was brought back, at the start of the drill,
 * in milliseconds; -1: unknown.
 */
static int64_t
age_of_newest(Restore *restore, const Recovery *recovery, int64_t marked_at)
{
	int64_t began = timestamp_now() / 1000 - job_elapsed_ms(restore->job);
	int64_t newest = -1;

	if (recovery->time != NULL && !timestamp_parse(recovery->time, &newest))
		newest = -1;
	if (marked_at > newest)
		newest = marked_at;
	if (newest < 0)
		return -1;
	return began > newest / 1000 ? began - newest / 1000 : 0;
}

/* 31303 is "3.13.3" */
static json_t *
version_json(void)
{
	int number = barman_version();
	char *text = mem_printf("%d.%d.%d", number / 10000, number / 100 % 100, number % 100);
	json_t *value = number > 0 ? json_text(text) : json_null();

	free(text);
	return value;
}
