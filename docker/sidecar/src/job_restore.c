/*
 * job_restore.c
 *
 * Restores a backup below the instances' directory, starts it apart from
 * production, and stays until recovery has ended.  Never calls a restore good
 * because Barman or PostgreSQL exited with 0, and leaves nothing of a bad one.
 */
#include "job_restore.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "barman_read.h"
#include "barman_run.h"
#include "catalogue.h"
#include "confinement.h"
#include "drill.h"
#include "drill_record.h"
#include "instance.h"
#include "instance_files.h"
#include "instance_recovery.h"
#include "job_switch_wal.h"
#include "log.h"
#include "memory.h"
#include "options.h"
#include "reads.h"
#include "timestamp.h"

/* Barman is watched for progress; this is for what cannot be. */
#define RESTORE_MS (INT64_C(7) * 24 * 3600 * 1000)

/* WAL that the caller has closed arrives within a second or two, or not at all. */
#define WAL_MS 60000

/* Before the caller is asked to write more WAL */
#define WAL_QUIET_MS 2000

#define LOOK_MS 100
#define ARCHIVE_EVERY_MS 5000
#define CHECK_DEADLINE_MS 120000

/* Measuring a large directory is work. */
#define MEASURE_MS 1000

/* How often to look whether recovery has ended */
#define RECOVERY_LOOK_MS 50

#define PROGRAM_MS 30000

/* What is shown of the log of a server that did not recover */
#define LOG_SHOWN 2000

/* Barman's command line: nobody has so many tablespaces. */
#define TABLESPACES_MAX 100

#define DEFAULT_SEGMENT_SIZE (16 * 1024 * 1024)

/* The staging options were merged into one. */
#define VERSION_INCREMENTAL 31100
#define VERSION_STAGING_PATH 31500

typedef struct Restore
{
	Job		   *job;
	const json_t *arguments;
	Instance   *instance;
	const char *directory;
	RecoveryTarget target;
	json_t	   *backup;			/* the wide object */
	json_t	   *error;			/* why not, once something failed */
	int64_t		restore_ms;
	int64_t		recovery_ms;

	/* Of a drill */
	bool		is_drill;
	bool		confined;		/* the server cannot reach anybody */
	json_t	   *drill;			/* the result so far */
	int64_t		step_began;

	/* While Barman copies */
	FilesSize	size;
	int64_t		expected;		/* bytes, or 0 */
	int64_t		measured_at;
	int64_t		progress_at;
	bool		stalled;
} Restore;

static void restore_body(Job *job, const json_t *arguments);
static void drop_body(Job *job, const json_t *arguments);
static void drill_body(Job *job, const json_t *arguments);
static Restore start_restore(Job *job, const json_t *arguments);
static void drill_stage(Restore *restore, const char *name, bool good, const char *detail);
static json_t *version_json(void);
static int64_t age_of_newest(Restore *restore, const Recovery *recovery);
static bool on_its_timeline(Restore *restore, const Recovery *recovery);
static bool is_isolated(Restore *restore);
static void end_drill(Restore *restore, const Recovery *recovery, bool recovered, bool good);
static bool find_backup(Restore *restore);
static bool read_backup(Restore *restore, const char *id);
static bool step_back(Restore *restore);
static bool fits_here(Restore *restore);
static bool complete_backup(Restore *restore);
static bool bring_wal(Restore *restore);
static bool wal_is_needed(Restore *restore);
static bool target_is_archived(Restore *restore);
static int	compare_with_archive(Restore *restore, char **last);
static bool is_archived(Restore *restore, const char *segment);
static bool copy_files(Restore *restore);
static int	recover_command(Restore *restore, const char **command, char **owned);
static bool watch_copy(void *arg);
static bool prepare(Restore *restore);
static bool recover(Restore *restore, Recovery *recovery);
static bool explain_recovery(Restore *restore);
static char *run_program(const char *program, const char *argument);
static int	major_version_here(void);
static int64_t segment_size(const json_t *backup);
static void segment_of(uint64_t lsn, int64_t size, char name[17]);
static const char *text_of(const json_t *object, const char *key);
static bool fail(Restore *restore, const char *code, const char *detail, const char *hint,
				 const char *format,...) __attribute__((format(printf, 5, 6)));
static bool fail_with_answer(Restore *restore, const Answer *answer);
static void end(Restore *restore, const Recovery *recovery);

const JobKind job_restore = {"restore", false, restore_body};
const JobKind job_drill = {"drill", false, drill_body};
const JobKind job_drop_instance = {"drop_instance", false, drop_body};

static void
restore_body(Job *job, const json_t *arguments)
{
	Restore		restore = start_restore(job, arguments);
	Recovery	recovery = {0};
	bool		start = json_is_true(json_object_get(arguments, "start"));

	if (find_backup(&restore) &&
		fits_here(&restore) &&
		complete_backup(&restore) &&
		bring_wal(&restore) &&
		target_is_archived(&restore) &&
		copy_files(&restore) &&
		prepare(&restore) &&
		(!start || recover(&restore, &recovery)))
		end(&restore, start ? &recovery : NULL);
	else
		end(&restore, NULL);
	json_decref(restore.backup);
	free(recovery.lsn);
	free(recovery.time);
}

static Restore
start_restore(Job *job, const json_t *arguments)
{
	Restore		restore = {
		.job = job,
		.arguments = arguments,
		.instance = instance_claimed(text_of(arguments, "instance")),
		.target = {
			.name = text_of(arguments, "target_name"),
			.time = text_of(arguments, "target_time"),
			.lsn = text_of(arguments, "target_lsn"),
			.xid = text_of(arguments, "target_xid"),
			.immediate = json_is_true(json_object_get(arguments, "immediate")),
			.timeline = (int) json_integer_value(json_object_get(arguments, "timeline"))
		},
		.recovery_ms = -1
	};

	restore.directory = instance_directory(restore.instance);
	return restore;
}

/*
 * A restore that is asked what it has brought back, and then removed.  What
 * fails is a step that is not ok, not an error: the caller keeps a receipt of
 * that as well.
 */
static void
drill_body(Job *job, const json_t *arguments)
{
	Restore		restore = start_restore(job, arguments);
	Recovery	recovery = {0};
	ServerConfig config = instance_config(restore.instance);
	bool		recovered;
	bool		good;
	char	   *copied;
	char	   *reached = NULL;

	restore.is_drill = true;
	restore.drill = drill_result();
	restore.step_began = monotonic_ms();
	good = find_backup(&restore) && fits_here(&restore) && complete_backup(&restore);
	drill_stage(&restore, "backup", good, text_of(restore.backup, "backup_id"));
	if (good)
	{
		good = bring_wal(&restore) && target_is_archived(&restore);
		drill_stage(&restore, "wal", good, text_of(arguments, "wal_file"));
	}
	if (good)
	{
		good = copy_files(&restore) && prepare(&restore);
		copied = mem_printf("%lld bytes", (long long) instance_files_size(restore.directory).bytes);
		drill_stage(&restore, "restore", good, copied);
		free(copied);
	}
	recovered = good && recover(&restore, &recovery) && on_its_timeline(&restore, &recovery);
	if (good)
	{
		reached = mem_printf("to %s on timeline %d", recovery.lsn != NULL ? recovery.lsn : "an unknown position",
							 recovery.timeline);
		drill_stage(&restore, "recovery", recovered, reached);
		free(reached);
	}
	good = recovered && is_isolated(&restore) && drill_examine(job, &config,
									  (int) json_integer_value(json_object_get(restore.backup, "postgresql_version")) / 10000,
									  arguments, restore.drill);
	end_drill(&restore, &recovery, recovered, good);
	json_decref(restore.backup);
	json_decref(restore.error);
	free(recovery.lsn);
	free(recovery.time);
}

/* A step that the time since the last one was spent on */
static void
drill_stage(Restore *restore, const char *name, bool good, const char *detail)
{
	const char *message = text_of(restore->error, "message");
	const char *cause = text_of(restore->error, "detail");
	int64_t		now = monotonic_ms();
	char	   *words;

	if (good)
		words = mem_strdup(detail);
	else
		words = mem_printf("%s%s%s", message != NULL ? message : "cancelled",
						   cause != NULL ? ": " : "", cause != NULL ? cause : "");
	drill_step(restore->drill, name, good, now - restore->step_began, words);
	if (!good && !job_cancelled(restore->job))
		job_log(restore->job, JOB_WARNING, "%s: %s", name, words);
	restore->step_began = now;
	free(words);
}

/* A position of another timeline is another state of the database. */
static bool
on_its_timeline(Restore *restore, const Recovery *recovery)
{
	int			timeline = restore->target.timeline;

	if (timeline == 0 || recovery->parent == timeline)
		return true;
	return fail(restore, BARMAN_WRONG_STATE, "A position is one of its timeline only.", NULL,
				"timeline %d was recovered, and the target is on timeline %d",
				recovery->parent, timeline);
}

/* The server was let start, so the kernel must say that it holds. */
static bool
is_isolated(Restore *restore)
{
	bool		good = restore->confined || options.drill_network;

	drill_step(restore->drill, "isolation", good, 0,
			   restore->confined ? "the kernel refuses every outgoing connection of the restored server" :
			   options.drill_network ? "outgoing connections are not refused: barman-sidecar runs with --drill-network=host" :
			   "the kernel does not say that it refuses outgoing connections");
	return good;
}

/* Removes the server, unless it is to be kept; a cancelled drill keeps none. */
static void
end_drill(Restore *restore, const Recovery *recovery, bool recovered, bool good)
{
	Job		   *job = restore->job;
	json_t	   *result = restore->drill;
	bool		keep = recovered && !job_cancelled(job) &&
		json_is_true(json_object_get(restore->arguments, "keep"));
	int64_t		bytes = instance_files_size(restore->directory).bytes;
	int64_t		began = monotonic_ms();

	json_object_set_new(result, "backup_id", json_text(text_of(restore->backup, "backup_id")));
	json_object_set_new(result, "barman_version", version_json());
	json_object_set_new(result, "bytes", json_integer(bytes));
	json_object_set_new(result, "timeline", recovery->timeline != 0 ?
						json_integer(recovery->timeline) : json_null());
	json_object_set_new(result, "recovered_lsn", json_text(recovery->lsn));
	json_object_set_new(result, "recovered_time", json_text(recovery->time));
	json_object_set_new(result, "restore_seconds", recovered ?
						json_real((double) restore->restore_ms / 1000) : json_null());
	json_object_set_new(result, "recovery_seconds", recovered ?
						json_real((double) restore->recovery_ms / 1000) : json_null());
	job_phase(job, "removing");
	if (keep)
		json_object_set_new(result, "instance",
							instance_ready(restore->instance, restore->restore_ms,
										   restore->recovery_ms, recovery));
	else
	{
		char	   *directory = mem_strdup(restore->directory);
		bool		removed = instance_dropped(restore->instance);

		drill_step(result, "teardown", removed, monotonic_ms() - began,
				   removed ? NULL : directory);
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
					 recovered ? age_of_newest(restore, recovery) : -1);
		job_done(job, result);
	}
}

/*
 * How old, when the drill began, the newest was that it brought back, in
 * milliseconds; -1: unknown.
 */
static int64_t
age_of_newest(Restore *restore, const Recovery *recovery)
{
	const char *marked_at = text_of(restore->arguments, "marked_at");
	int64_t		began = timestamp_now() / 1000 - job_elapsed_ms(restore->job);
	int64_t		newest = -1;
	int64_t		marked;

	if (recovery->time != NULL && !timestamp_parse(recovery->time, &newest))
		newest = -1;
	if (marked_at != NULL && timestamp_parse(marked_at, &marked) && marked > newest)
		newest = marked;
	if (newest < 0)
		return -1;
	return began > newest / 1000 ? began - newest / 1000 : 0;
}

/* 31303 is "3.13.3" */
static json_t *
version_json(void)
{
	int			number = barman_version();
	char	   *text = mem_printf("%d.%d.%d", number / 10000, number / 100 % 100, number % 100);
	json_t	   *value = number > 0 ? json_text(text) : json_null();

	free(text);
	return value;
}

static void
drop_body(Job *job, const json_t *arguments)
{
	const char *name = text_of(arguments, "instance");
	Instance   *instance = instance_claimed(name);
	char	   *directory = mem_strdup(instance_directory(instance));
	json_t	   *value;

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
		char	   *message = mem_printf("instance \"%s\" could not be removed", name);

		job_fail(job, BARMAN_INTERNAL, message, directory, "See the sidecar's log for the cause.");
		free(message);
	}
	free(directory);
}

/*
 * The one that was asked for; or, if any will do, the newest that ends before
 * the target.
 */
static bool
find_backup(Restore *restore)
{
	uint64_t	target = 0;
	uint64_t	end_lsn;

	job_phase(restore->job, "checking");
	if (!read_backup(restore, text_of(restore->arguments, "backup_id")))
		return false;
	if (restore->target.lsn == NULL)
		return true;
	restore_parse_lsn(restore->target.lsn, &target);
	while (text_of(restore->backup, "end_lsn") != NULL &&
		   restore_parse_lsn(text_of(restore->backup, "end_lsn"), &end_lsn) &&
		   target < end_lsn)
	{
		char	   *detail;

		if (!json_is_true(json_object_get(restore->arguments, "pinned")) && step_back(restore))
			continue;
		if (restore->error != NULL)
			return false;
		detail = mem_printf("Backup %s is consistent from %s on.",
							text_of(restore->backup, "backup_id"),
							text_of(restore->backup, "end_lsn"));
		fail(restore, BARMAN_WRONG_STATE, detail, "Choose an older backup, or a later position.",
			 "position %s lies before the end of the backup", restore->target.lsn);
		free(detail);
		return false;
	}
	return true;
}

static bool
read_backup(Restore *restore, const char *id)
{
	ReadTarget	target = {READ_BACKUP, job_server(restore->job), id};
	Answer	   *answer = reads_wait(&target, READ_AGE_DEFAULT);
	bool		good = answer->status == 200;

	if (good)
	{
		json_decref(restore->backup);
		restore->backup = json_checked(json_deep_copy(json_object_get(answer->value, "backup")));
		instance_restores(restore->instance, text_of(restore->backup, "backup_id"));
	}
	else
		fail_with_answer(restore, answer);
	answer_release(answer);
	return good;
}

/* To the backup before this one; false if there is none, or it cannot be read. */
static bool
step_back(Restore *restore)
{
	const char *id = text_of(restore->backup, "previous_backup");

	return id != NULL && !job_cancelled(restore->job) && read_backup(restore, id);
}

/* Can the PostgreSQL of this host run it, and is there room? */
static bool
fits_here(Restore *restore)
{
	int			major = (int) json_integer_value(json_object_get(restore->backup, "postgresql_version")) / 10000;
	int			here = major_version_here();
	const json_t *size = json_object_get(restore->backup, "cluster_size");
	struct statvfs room;
	char	   *detail;

	if (here != major && major != 0)
	{
		detail = here != 0 ? mem_printf("The backup is of PostgreSQL %d, the sidecar has the programs of %d.", major, here)
			: mem_printf("The backup is of PostgreSQL %d, and \"%s\" holds no PostgreSQL server.", major,
						 options.pg_bindir);
		fail(restore, BARMAN_WRONG_STATE, detail,
			 "Install that version of PostgreSQL on Barman's host and name its programs with --pg-bindir.",
			 "a server of PostgreSQL %d cannot be started here", major);
		free(detail);
		return false;
	}

	if (!json_is_integer(size))
		size = json_object_get(restore->backup, "size");
	restore->expected = json_integer_value(size);
	if (statvfs(restore->directory, &room) == 0 &&
		(uint64_t) restore->expected > (uint64_t) room.f_bavail * room.f_frsize)
	{
		detail = mem_printf("The backup has %lld bytes, and %lld are free below \"%s\".",
							(long long) restore->expected,
							(long long) room.f_bavail * (long long) room.f_frsize,
							options.instance_root);
		fail(restore, BARMAN_WRONG_STATE, detail,
			 "Drop an instance that is not needed any more, or give the sidecar another --instance-root.",
			 "there is not enough room for the backup");
		free(detail);
		return false;
	}
	return true;
}

/* A copied backup that still waits for WAL: it cannot be restored before. */
static bool
complete_backup(Restore *restore)
{
	Job		   *job = restore->job;
	int64_t		deadline = monotonic_ms() + WAL_MS;
	char	   *id = mem_strdup(text_of(restore->backup, "backup_id"));
	const char *command[] = {"check-backup", job_server(job), id, NULL};
	bool		waited = false;
	bool		good = true;

	while (good && strcmp(text_of(restore->backup, "status"), "WAITING_FOR_WALS") == 0)
	{
		RunResult	result;

		if (!waited)
			job_log(job, JOB_INFO, "backup %s waits for the WAL that closes it", id);
		waited = true;
		job_needs_wal(job, true);
		if (monotonic_ms() >= deadline)
			good = fail(restore, BARMAN_WRONG_STATE, "The segment that closes it has not been archived in time.",
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
	if (good && strcmp(text_of(restore->backup, "status"), "DONE") != 0)
		good = fail(restore, BARMAN_WRONG_STATE, NULL, "Choose a backup whose status is DONE.",
					"backup %s cannot be restored: it is %s", id, text_of(restore->backup, "status"));
	free(id);
	return good;
}

/*
 * Barman restores archived segments only, and the newest is never archived.
 * So the caller has closed it before it called: wait for that one.  If it does
 * not come, recovery will tell whether it was needed.
 */
static bool
bring_wal(Restore *restore)
{
	Job		   *job = restore->job;
	const char *wal_file = text_of(restore->arguments, "wal_file");
	ReadTarget	directories = {READ_DIRECTORIES, job_server(job), ""};
	int64_t		began = monotonic_ms();
	int64_t		archived_at = INT64_MIN / 2;
	uint64_t	seen = 0;
	bool		arrived;

	if (!wal_is_needed(restore))
		return true;
	job_phase(job, "archiving");
	if (!catalogue_known(job_server(job)))
		answer_release(reads_wait(&directories, READ_AGE_DEFAULT));
	while (!(arrived = catalogue_has_wal(job_server(job), wal_file)) &&
		   monotonic_ms() < began + WAL_MS)
	{
		uint64_t	signature = catalogue_wal_signature(job_server(job));
		int64_t		now = monotonic_ms();

		if (signature != seen || now - archived_at >= ARCHIVE_EVERY_MS)
		{
			seen = signature;
			archived_at = now;
			if (!archive_wal(job))
				return false;
			continue;
		}
		if (now >= began + WAL_QUIET_MS)
			job_needs_wal(job, true);
		if (!job_sleep(job, LOOK_MS))
			return false;
	}
	job_needs_wal(job, false);
	reads_invalidate(job_server(job));
	if (!arrived)
		job_log(job, JOB_WARNING,
				"segment %s was not archived within %d seconds: restoring from what is archived",
				wal_file, WAL_MS / 1000);
	return true;
}

static bool
wal_is_needed(Restore *restore)
{
	const char *wal_file = text_of(restore->arguments, "wal_file");
	const char *caller = text_of(restore->arguments, "system_identifier");
	const char *backed_up = text_of(restore->backup, "system_id");

	if (wal_file == NULL || restore->target.immediate)
		return false;
	if (caller != NULL && backed_up != NULL && strcmp(caller, backed_up) != 0)
	{
		job_log(restore->job, JOB_INFO,
				"the caller is not server \"%s\": restoring from what is archived",
				job_server(restore->job));
		return false;
	}

	/* the record behind the target's may be in the next segment */
	return restore->target.lsn == NULL || compare_with_archive(restore, NULL) <= 0;
}

/* Of a position it is known before whether there is WAL for it. */
static bool
target_is_archived(Restore *restore)
{
	char	   *last = NULL;
	char	   *detail;

	if (restore->target.lsn == NULL || compare_with_archive(restore, &last) >= 0)
	{
		free(last);
		return true;
	}
	detail = mem_printf("The newest segment in the archive is %s.", last);
	fail(restore, BARMAN_WRONG_STATE, detail,
		 "Choose an earlier position; or see with poc_check() whether Barman receives WAL.",
		 "position %s lies beyond what is archived", restore->target.lsn);
	free(detail);
	free(last);
	return false;
}

/*
 * How the newest archived segment compares with that of the target position:
 * below, at or above 0; above also if it is not known.  What show-backup calls
 * the last of a backup is the last before the next backup: so ask of the
 * newest.
 */
static int
compare_with_archive(Restore *restore, char **last)
{
	ReadTarget	newest = {READ_BACKUP, job_server(restore->job), "latest"};
	Answer	   *answer;
	const char *wal;
	uint64_t	lsn;
	char		segment[17];
	int			result = 1;

	if (!restore_parse_lsn(restore->target.lsn, &lsn))
		return result;
	segment_of(lsn, segment_size(restore->backup), segment);
	if (is_archived(restore, segment))
		return 0;
	reads_invalidate(job_server(restore->job));
	answer = reads_wait(&newest, READ_AGE_DEFAULT);
	wal = text_of(json_object_get(answer->value, "backup"), "last_wal");
	if (wal != NULL && strlen(wal) == 24)
	{
		result = strcmp(wal + 8, segment);
		if (last != NULL)
			*last = mem_strdup(wal);
	}
	answer_release(answer);
	return result;
}

/*
 * Barman takes a second to tell, and tells of no segment of a later timeline
 * than that of the backup.  The target lies on its own timeline, or on that of
 * the segment the caller closed.
 */
static bool
is_archived(Restore *restore, const char *segment)
{
	const char *wal_file = text_of(restore->arguments, "wal_file");
	char		name[25];

	if (restore->target.timeline > 0)
		snprintf(name, sizeof(name), "%08X%.16s", (unsigned int) restore->target.timeline, segment);
	else if (wal_file != NULL)
		snprintf(name, sizeof(name), "%.8s%.16s", wal_file, segment);
	else
		return false;
	return catalogue_has_wal(job_server(restore->job), name);
}

static bool
copy_files(Restore *restore)
{
	Job		   *job = restore->job;
	const char *command[2 * TABLESPACES_MAX + 24];
	char	   *owned[TABLESPACES_MAX + 8];
	int			count;
	RunResult	result;
	BarmanFailure failure = {0};
	BarmanOutput output;
	json_t	   *value = NULL;
	json_t	   *messages;
	json_t	   *message;
	size_t		i;
	int64_t		began = monotonic_ms();
	bool		going_on;

	count = recover_command(restore, command, owned);
	if (count < 0)
		return false;
	job_phase(job, "restoring");
	job_log(job, JOB_INFO, "restoring backup %s of server \"%s\"",
			text_of(restore->backup, "backup_id"), job_server(job));
	restore->measured_at = restore->progress_at = began;
	going_on = job_run(job, command, RESTORE_MS, watch_copy, restore, &result);
	while (count > 0)
		free(owned[--count]);
	restore->restore_ms = monotonic_ms() - began;

	if (going_on)
	{
		output = runner_output(&result);

		/* Barman warns of every setting of production's; they are not used. */
		messages = json_checked(barman_parse_messages(&output));
		json_array_foreach(messages, i, message)
			job_log(job, JOB_INFO, "%s", text_of(message, "text"));
		json_decref(messages);

		if (restore->stalled)
			fail(restore, BARMAN_TIMEOUT, "Nothing was written meanwhile.",
				 "Look at Barman's log, and at the load of its host.",
				 "\"barman recover\" made no progress for %d seconds and was stopped",
				 options.restore_timeout);
		else
		{
			if (barman_run_succeeded(&result, "recover", &failure))
				value = barman_parse_restore(&output, job_server(job), &failure);
			if (value == NULL)
				fail(restore, failure.code, failure.detail, failure.hint, "%s", failure.message);
			barman_failure_clear(&failure);
		}
	}
	runner_free(&result);
	going_on = value != NULL;
	json_decref(value);
	return going_on;
}

/*
 * How Barman is called.  The target is ours to write; Barman is told so much
 * of it as keeps it from copying the whole archive.  Returns the number of
 * owned strings, or -1.
 */
static int
recover_command(Restore *restore, const char **command, char **owned)
{
	json_t	   *tablespaces = json_object_get(restore->backup, "tablespaces");
	json_t	   *tablespace;
	size_t		i;
	uint64_t	lsn;
	int			version = barman_version();
	int			n = 0;
	int			count = 0;

	command[n++] = "recover";

	/* Without it, 3.4 copies the WAL of the backup's own timeline alone. */
	command[n++] = "--target-tli";
	command[n++] = "latest";

	if (restore->target.immediate)
		command[n++] = "--target-immediate";
	else if (restore->target.lsn != NULL && restore_parse_lsn(restore->target.lsn, &lsn))
	{
		/* one segment more: the next record may begin there */
		int64_t		size = segment_size(restore->backup);

		lsn = (lsn / (uint64_t) size + 1) * (uint64_t) size;
		owned[count] = mem_printf("%X/%X", (unsigned int) (lsn >> 32), (unsigned int) lsn);
		command[n++] = "--target-lsn";
		command[n++] = owned[count++];
	}

	/* Its own, for concurrent restores of an incremental destroy each other. */
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

	json_array_foreach(tablespaces, i, tablespace)
	{
		const char *name = text_of(tablespace, "name");

		if (i >= TABLESPACES_MAX || name == NULL || strchr(name, ':') != NULL || name[0] == '-')
		{
			while (count > 0)
				free(owned[--count]);
			fail(restore, BARMAN_UNSUPPORTED, "Barman cannot be told where to restore it.", NULL,
				 "tablespace \"%s\" cannot be restored elsewhere", name != NULL ? name : "?");
			return -1;
		}
		owned[count] = mem_printf("%s:%s/" INSTANCE_TABLESPACES "/%zu", name, restore->directory, i + 1);
		command[n++] = "--tablespace";
		command[n++] = owned[count++];
	}

	command[n++] = job_server(restore->job);
	command[n++] = text_of(restore->backup, "backup_id");
	owned[count] = mem_printf("%s/" INSTANCE_DATA, restore->directory);
	command[n++] = owned[count++];
	command[n] = NULL;
	return count;
}

/* While Barman runs: how far is it?  False: it does not get on. */
static bool
watch_copy(void *arg)
{
	Restore    *restore = arg;
	int64_t		now = monotonic_ms();
	FilesSize	size;

	if (now < restore->measured_at + MEASURE_MS)
		return true;
	size = instance_files_size(restore->directory);
	if (size.bytes != restore->size.bytes || size.files != restore->size.files)
		restore->progress_at = now;
	restore->size = size;
	if (restore->expected > 0)
		job_progress(restore->job, (double) size.bytes / (double) restore->expected);
	restore->stalled = now >= restore->progress_at + (int64_t) options.restore_timeout * 1000;

	/* a directory that takes long to measure is measured less often */
	restore->measured_at = monotonic_ms() + 9 * (monotonic_ms() - now);
	return !restore->stalled;
}

/* From what Barman left to what PostgreSQL starts with. */
static bool
prepare(Restore *restore)
{
	ServerConfig config = instance_config(restore->instance);
	char	   *data = mem_printf("%s/" INSTANCE_DATA, restore->directory);
	char	   *words = instance_files_mend(restore->directory);
	char	   *controldata;
	int			error;

	if (words != NULL)
		fail(restore, BARMAN_FAILED, words, "Look at Barman's log.",
			 "Barman left a directory that PostgreSQL cannot use");
	else
	{
		controldata = run_program("pg_controldata", data);
		/* for a drill only we are let in, unless it is to be looked at later */
		config.scratch = restore->is_drill && !json_is_true(json_object_get(restore->arguments, "keep"));
		if (config.scratch)
			config.listen = "";
		error = instance_config_write(&config, controldata, &restore->target);
		if (error != 0)
			fail(restore, BARMAN_INTERNAL, strerror(error), NULL,
				 "could not write the configuration of the instance");
		free(controldata);
	}
	if (restore->error == NULL && restore->is_drill && !instance_socket_fits(&config))
		fail(restore, BARMAN_WRONG_STATE, config.directory,
			 "Give the sidecar an --instance-root with a shorter path.",
			 "the path of a socket would be too long for a drill");
	else if (restore->error == NULL && !instance_socket_fits(&config))
		job_log(restore->job, JOB_INFO,
				"the path of a socket would be too long: the server listens on TCP alone");
	free(words);
	free(data);
	return restore->error == NULL;
}

/*
 * Start the server and wait until recovery has ended: it takes no connection
 * before, and that it started says nothing.
 */
static bool
recover(Restore *restore, Recovery *recovery)
{
	Job		   *job = restore->job;
	ServerProcess process = {0};
	ServerState state;
	char	   *log = mem_printf("%s/" INSTANCE_LOG, restore->directory);
	int64_t		began = monotonic_ms();
	int64_t		progress_at = began;
	off_t		seen = 0;
	bool		confined = restore->is_drill && !options.drill_network;
	int			error;
	bool		good = false;

	job_phase(job, "recovering");
	error = server_start(options.pg_bindir, restore->directory, confined, &process);
	if (error == ENOSYS && confined)
	{
		free(log);
		return fail(restore, BARMAN_UNSUPPORTED, "This kernel has no seccomp filters, or not for this architecture.",
					"Start barman-sidecar with --drill-network=host where the restored server may reach others.",
					"the restored server cannot be kept from making connections");
	}
	if (error != 0)
	{
		free(log);
		return fail(restore, BARMAN_INTERNAL, strerror(error), "Check --pg-bindir.",
					"could not start PostgreSQL");
	}
	instance_recovers(restore->instance, restore->restore_ms, &process);
	while ((state = server_look(restore->directory, &process)) == SERVER_STARTING)
	{
		struct stat status;

		/* it reports its progress every second */
		if (stat(log, &status) == 0 && status.st_size != seen)
		{
			seen = status.st_size;
			progress_at = monotonic_ms();
		}
		if (monotonic_ms() >= progress_at + (int64_t) options.restore_timeout * 1000)
			break;
		if (!job_sleep(job, RECOVERY_LOOK_MS))
			break;
	}
	restore->recovery_ms = monotonic_ms() - began;
	if (state == SERVER_READY)
	{
		restore->confined = process_is_confined(process.pid);
		recovery_read(restore->directory, text_of(restore->backup, "end_time"), recovery);
		job_log(job, JOB_INFO, "recovery has ended at %s on timeline %d",
				recovery->lsn != NULL ? recovery->lsn : "an unknown position", recovery->timeline);
		good = true;
	}
	else if (state == SERVER_GONE)
		explain_recovery(restore);
	else if (!job_cancelled(job))
	{
		char	   *tail = instance_files_tail(log, LOG_SHOWN);

		fail(restore, BARMAN_TIMEOUT, tail, "Look at the load of Barman's host.",
			 "the restored server made no progress for %d seconds and was stopped",
			 options.restore_timeout);
		free(tail);
	}
	free(log);
	return good;
}

/* The server ended while it recovered. */
static bool
explain_recovery(Restore *restore)
{
	char	   *log = mem_printf("%s/" INSTANCE_LOG, restore->directory);
	char	   *tail = instance_files_tail(log, LOG_SHOWN);

	free(log);
	if (strstr(tail, "recovery ended before configured recovery target was reached") != NULL)
		fail(restore, BARMAN_WRONG_STATE, tail,
			 restore->target.name != NULL ?
			 "Is the name right, and was the restore point made after the end of the backup? If it was made just now, its WAL may not be archived yet." :
			 "The archived WAL does not reach so far, or the backup is younger than the target.",
			 "recovery ended before the target was reached");
	else if (strstr(tail, "Address already in use") != NULL)
		fail(restore, "conflict", tail, "Restore again: another port will be chosen.",
			 "another program has taken the port of the instance");
	else
		fail(restore, BARMAN_INTERNAL, tail, "The log of the server is above.",
			 "the restored server did not start");
	free(tail);
	return false;
}

/* malloc'd output of one of PostgreSQL's programs; "" if it failed */
static char *
run_program(const char *program, const char *argument)
{
	char	   *path = mem_printf("%s/%s", options.pg_bindir, program);
	const char *argv[] = {"/usr/bin/env", "LC_ALL=C", path, argument, NULL};
	RunRequest	request = {.argv = argv, .deadline_ms = PROGRAM_MS, .grace_ms = 1000};
	RunResult	result;
	char	   *text;

	runner_run(&request, &result);
	text = mem_strdup(result.outcome == RUN_EXITED && result.exit_code == 0 ? result.out : "");
	runner_free(&result);
	free(path);
	return text;
}

/* "postgres (PostgreSQL) 15.20 (Debian ...)"; 0 if there is no such program */
static int
major_version_here(void)
{
	char	   *text = run_program("postgres", "--version");
	int			major = 0;

	sscanf(text, "postgres (PostgreSQL) %d", &major);
	free(text);
	return major;
}

/*
 * Barman does not tell, but a position, the name of its segment and its offset
 * there do.
 */
static int64_t
segment_size(const json_t *backup)
{
	const char *wal = text_of(backup, "begin_wal");
	uint64_t	lsn;
	uint64_t	number;
	uint64_t	low;

	if (wal == NULL || strlen(wal) != 24 || text_of(backup, "begin_lsn") == NULL ||
		!restore_parse_lsn(text_of(backup, "begin_lsn"), &lsn))
		return DEFAULT_SEGMENT_SIZE;
	number = strtoull(wal + 16, NULL, 16);
	low = (lsn & 0xFFFFFFFF) - (uint64_t) json_integer_value(json_object_get(backup, "begin_offset"));
	if (number == 0 || low % number != 0 || low / number < 1024 * 1024 || low / number > 1024 * 1024 * 1024)
		return DEFAULT_SEGMENT_SIZE;
	return (int64_t) (low / number);
}

/* The part of a segment's name that is not its timeline */
static void
segment_of(uint64_t lsn, int64_t size, char name[17])
{
	snprintf(name, 17, "%08X%08X", (unsigned int) (lsn >> 32),
			 (unsigned int) ((lsn & 0xFFFFFFFF) / (uint64_t) size));
}

bool
restore_parse_lsn(const char *text, uint64_t *lsn)
{
	static const char digits[] = "0123456789ABCDEFabcdef";
	size_t		high = strspn(text, digits);
	size_t		low = text[high] == '/' ? strspn(text + high + 1, digits) : 0;

	if (high == 0 || high > 8 || low == 0 || low > 8 || text[high + 1 + low] != '\0')
		return false;
	*lsn = strtoull(text, NULL, 16) << 32 | strtoull(text + high + 1, NULL, 16);
	return true;
}

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Remember why; returns false, for the caller to pass on. */
static bool
fail(Restore *restore, const char *code, const char *detail, const char *hint,
	 const char *format,...)
{
	va_list		args;
	char	   *message;

	va_start(args, format);
	message = mem_vprintf(format, args);
	va_end(args);
	json_decref(restore->error);
	restore->error = error_json(code, message, detail, hint);
	free(message);
	return false;
}

static bool
fail_with_answer(Restore *restore, const Answer *answer)
{
	json_t	   *error = json_object_get(answer->value, "error");

	return fail(restore, text_of(error, "code"), text_of(error, "detail"),
				text_of(error, "hint"), "%s", text_of(error, "message"));
}

static void
end(Restore *restore, const Recovery *recovery)
{
	Job		   *job = restore->job;
	json_t	   *value;

	if (restore->error == NULL && !job_cancelled(job))
	{
		if (recovery == NULL)
			job_log(job, JOB_INFO, "restored into %s/" INSTANCE_DATA ", not started; to start it: %s/postgres -D %s/" INSTANCE_DATA " -c config_file=%s/" INSTANCE_CONFIG,
					restore->directory, options.pg_bindir, restore->directory, restore->directory);
		value = json_checked(json_object());
		json_object_set_new(value, "instance",
							instance_ready(restore->instance, restore->restore_ms,
										   restore->recovery_ms, recovery));
		job_done(job, value);
		return;
	}
	if (restore->error == NULL)
		restore->error = error_json("cancelled", "the restore was cancelled",
									"What had been restored was removed.", NULL);
	job_phase(job, "removing");
	if (!instance_failed(restore->instance, json_incref(restore->error)))
		job_log(job, JOB_WARNING, "what was restored could not be removed: drop the instance");
	if (!job_cancelled(job))
		job_fail(job, text_of(restore->error, "code"), text_of(restore->error, "message"),
				 text_of(restore->error, "detail"), text_of(restore->error, "hint"));
	json_decref(restore->error);
}
