/*
 * copy_backup.c
 *
 * Has Barman copy a backup into the directory of an instance, and turns the
 * copy into a directory that PostgreSQL can start on.  Exit code 0 of Barman
 * alone is never success.
 */
#include "restore/copy_backup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barman/backup_hold.h"
#include "barman/command.h"
#include "barman/lsn.h"
#include "barman/read_commands.h"
#include "base/directory.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "restore/backup_links.h"
#include "restore/data_directory.h"
#include "restore/failure_cause.h"
#include "restore/hold_backup.h"
#include "restore/instance_files.h"
#include "restore/refresh.h"
#include "restore/segment_name.h"
#include "restore/server_needs.h"

/* watch_copy() stops Barman if it makes no progress; this is the limit in any case. */
#define RESTORE_MS (INT64_C(7) * 24 * 3600 * 1000)

/* Measuring a large directory takes time. */
#define MEASURE_MS 1000

/* Ticks of CPU time that are no progress */
#define WORK_IDLE 5

/* Limit for Barman's command line; no server has so many tablespaces. */
#define TABLESPACES_MAX 100

#define VERSION_INCREMENTAL 31100

/* This version merged the staging options into one. */
#define VERSION_STAGING_PATH 31500

static int recover_command(Restore *restore, const char **command, char **owned);
static bool watch_copy(void *arg);
static bool works(Restore *restore, int64_t now);

bool
restore_copy(Restore *restore)
{
	Job *job = restore->job;
	const char *command[2 * TABLESPACES_MAX + 24];
	char *owned[TABLESPACES_MAX + 8];
	int count;
	RunResult result;
	BarmanFailure failure = {0};
	BarmanOutput output;
	json_t *value = NULL;
	json_t *messages;
	json_t *message;
	char *words;
	size_t i;
	int64_t began;
	bool going_on;

	words = restore_tablespaces_are_bad(restore->backup);
	if (words != NULL)
	{
		restore_fail(restore, BARMAN_UNSUPPORTED, words, NULL,
					 "the backup cannot be restored elsewhere");
		free(words);
		return false;
	}
	if (!restore_source_is_sound(restore) || !restore_make_place(restore))
		return false;
	began = monotonic_ms();
	count = recover_command(restore, command, owned);
	job_phase(job, "restoring");
	job_log(job, JOB_INFO, "restoring backup %s of server \"%s\"",
			json_text_of(restore->backup, "backup_id"), job_server(job));
	restore->measured_at = restore->progress_at = began;
	going_on = job_run(job, command, RESTORE_MS, watch_copy, restore, &result);
	while (count > 0)
		free(owned[--count]);
	restore->restore_ms = monotonic_ms() - began;

	if (going_on)
	{
		output = runner_output(&result);

		/* Barman warns of every setting of production, but none is used. */
		messages = json_checked(barman_parse_messages(&output));
		json_array_foreach (messages, i, message)
			job_log(job, JOB_INFO, "%s", json_text_of(message, "text"));
		json_decref(messages);

		if (restore->stalled)
			restore_fail(restore, BARMAN_TIMEOUT, "Nothing was written meanwhile.",
						 "Look at Barman's log, and at the load of its host.",
						 "\"barman recover\" made no progress for %d seconds and was stopped",
						 settings.restore_timeout);
		else
		{
			if (barman_run_succeeded(&result, "recover", &failure))
				value = barman_parse_restore(&output, job_server(job), &failure);
			if (value == NULL)
				restore_fail(restore, failure.code, failure.detail, failure.hint, "%s",
							 failure.message);
			barman_failure_clear(&failure);
		}
	}
	runner_free(&result);
	going_on = value != NULL;
	if (!job_cancelled(job))
		going_on = restore_backup_is_there(restore) && going_on;
	json_decref(value);

	/* Barman may have followed a link that was put there during the copy */
	going_on = going_on && restore_source_is_sound(restore);

	/* before the sidecar writes there */
	words = going_on ? instance_check(restore->directory) : NULL;
	if (words != NULL)
		going_on = restore_fail(restore, BARMAN_WRONG_STATE, words,
								"Find out who put it into the backup.",
								"what Barman copied leads out of the directory of the instance");
	free(words);
	return going_on && restore_left_nothing(restore);
}

char *
restore_tablespaces_are_bad(const json_t *backup)
{
	const json_t *tablespaces = json_object_get(backup, "tablespaces");
	const json_t *tablespace;
	size_t i;

	if (json_array_size(tablespaces) > TABLESPACES_MAX)
		return mem_printf("It has %zu tablespaces, and Barman can be told where to restore %d.",
						  json_array_size(tablespaces), TABLESPACES_MAX);
	json_array_foreach (tablespaces, i, tablespace)
	{
		const char *name = json_text_of(tablespace, "name");

		if (name == NULL)
			return mem_strdup("Barman does not know the name of one of its tablespaces.");
		if (strchr(name, ':') != NULL || name[0] == '-')
			return mem_printf("Barman cannot be told where to restore a tablespace of the name \"%s\".",
							  name);
	}
	return NULL;
}

/*
 * Builds Barman's command line.  The sidecar writes the recovery target
 * itself; Barman gets only what keeps it from copying the whole archive.
 * Returns the number of owned strings.
 */
static int
recover_command(Restore *restore, const char **command, char **owned)
{
	json_t *tablespaces = json_object_get(restore->backup, "tablespaces");
	json_t *tablespace;
	size_t i;
	uint64_t lsn;
	int version = barman_version();
	int n = 0;
	int count = 0;

	command[n++] = "recover";

	/* Whatever Barman's configuration says, it is the caller who decides. */
	if (restore->is_delta)
		command[n++] = "--delta-restore";
	else if (version >= RESTORE_VERSION_DELTA)
		command[n++] = "--no-delta-restore";

	/* Whatever Barman's configuration says, a restored server gets no access to Barman's home. */
	command[n++] = "--no-get-wal";

	/* Without it, Barman 3.4 copies only the WAL of the backup's timeline. */
	command[n++] = "--target-tli";
	owned[count] = restore->target.timeline != 0 ? mem_printf("%d", restore->target.timeline)
												 : mem_strdup("latest");
	command[n++] = owned[count++];

	if (restore->target.immediate)
		command[n++] = "--target-immediate";
	else if (restore->target.lsn != NULL && lsn_parse(restore->target.lsn, &lsn))
	{
		/* one segment more: the next record may begin there */
		int64_t size = restore_segment_size(restore->backup);
		char text[LSN_SIZE];

		lsn = (lsn / (uint64_t) size + 1) * (uint64_t) size;
		owned[count] = mem_strdup(lsn_text(lsn, text));
		command[n++] = "--target-lsn";
		command[n++] = owned[count++];
	}

	/* Not shared: concurrent restores of an incremental destroy each other. */
	owned[count] = mem_printf("%s/" INSTANCE_STAGING, restore->directory);
	if (version >= VERSION_STAGING_PATH)
	{
		command[n++] = "--staging-path";
		command[n++] = owned[count];
		command[n++] = "--staging-location";
		command[n++] = "local";
	}
	else
	{
		command[n++] = "--recovery-staging-path";
		command[n++] = owned[count];
		if (version >= VERSION_INCREMENTAL)
		{
			command[n++] = "--local-staging-path";
			command[n++] = owned[count];
		}
	}
	count++;

	json_array_foreach (tablespaces, i, tablespace)
	{
		const char *name = json_text_of(tablespace, "name");

		owned[count] = mem_printf("%s:%s/" INSTANCE_TABLESPACES "/%zu", name, restore->directory,
								  i + 1);
		command[n++] = "--tablespace";
		command[n++] = owned[count++];
	}

	command[n++] = job_server(restore->job);
	command[n++] = json_text_of(restore->backup, "backup_id");
	owned[count] = mem_printf("%s/" INSTANCE_DATA, restore->directory);
	command[n++] = owned[count++];
	command[n] = NULL;
	return count;
}

/* Measures progress while Barman runs; false if there is none. */
static bool
watch_copy(void *arg)
{
	Restore *restore = arg;
	int64_t now = monotonic_ms();
	FilesSize size;

	if (now < restore->measured_at + MEASURE_MS)
		return true;
	backup_hold_look(restore->hold);
	size = directory_size(restore->directory);
	if (size.bytes != restore->size.bytes || size.files != restore->size.files ||
		(restore->is_delta && works(restore, now)))
		restore->progress_at = now;
	restore->size = size;
	instance_has_written(restore->instance, size.freed);
	if (restore->expected > 0 && !restore->is_delta)
		job_progress(restore->job, (double) size.bytes / (double) restore->expected);
	restore->stalled = now >= restore->progress_at + (int64_t) settings.restore_timeout * 1000;

	/* if measuring takes long, do it less often */
	restore->measured_at = monotonic_ms() + 9 * (monotonic_ms() - now);
	return !restore->stalled;
}

/*
 * Whether Barman works, by its CPU time: what replaces files of the same size,
 * or finds them the same, is not to be seen by their sizes.  One that waits uses
 * a few ticks, and far less than a hundredth of a second in each.
 */
static bool
works(Restore *restore, int64_t now)
{
	uint64_t work = job_run_work(restore->job);
	uint64_t idle = WORK_IDLE + (uint64_t) (now - restore->progress_at) / 1000;

	/* less: one of its processes has ended */
	if (work >= restore->work && work - restore->work <= idle)
		return false;
	restore->work = work;
	return true;
}

/* Turns Barman's copy into a directory that PostgreSQL starts on. */
bool
restore_prepare(Restore *restore)
{
	ServerConfig config = instance_config(restore->instance);
	char *data = mem_printf("%s/" INSTANCE_DATA, restore->directory);
	char *words = instance_mend(restore->directory, server_major_version(settings.pg_bindir));
	char *controldata;
	ServerNeeds needs;
	int error;

	restore_let_go(restore);
	if (words != NULL)
		restore_fail(restore, BARMAN_FAILED, words,
					 "Look at Barman's log, and at the files of the backup.",
					 "Barman left a directory that PostgreSQL must not be started on");
	else
	{
		controldata = server_controldata(settings.pg_bindir, restore->directory,
										 settings.confinement_required);
		/* a drill lets only the sidecar connect, unless the instance is kept */
		config.scratch = restore->is_drill && !restore->is_kept;
		if (config.scratch)
			config.listen = "";
		needs = server_needs(data, controldata, &restore->request->primary.settings);
		error = instance_config_write(&config, &needs, &restore->target);
		if (error != 0)
			restore_fail(restore, BARMAN_INTERNAL, strerror(error), NULL,
						 "could not write the configuration of the instance");
		free(controldata);
	}
	if (restore->error == NULL && restore->is_drill && !instance_socket_fits(&config))
		restore_fail(restore, BARMAN_WRONG_STATE, config.directory,
					 "Give the sidecar an --instance-root with a shorter path.",
					 "the path of a socket would be too long for a drill");
	else if (restore->error == NULL && !instance_socket_fits(&config))
		job_log(restore->job, JOB_INFO,
				"the path of a socket would be too long: the server listens on TCP alone");
	free(words);
	free(data);
	return restore->error == NULL;
}
