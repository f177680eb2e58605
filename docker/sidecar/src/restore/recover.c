/*
 * recover.c
 *
 * Starts a restored server and waits until its recovery has ended; only that
 * is success.
 */
#include "restore/recover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "barman/command.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "restore/cage.h"
#include "restore/descendants.h"
#include "restore/failure_cause.h"
#include "restore/instance_files.h"

/* How often to check whether recovery has ended */
#define RECOVERY_LOOK_MS 50

/* Bytes shown of the log of a server that did not recover */
#define LOG_SHOWN 8000

/* What the log of a server says that cannot start, and what it means */
typedef struct KnownCause
{
	const char *text;
	const char *code;
	const char *message;
	const char *hint;
} KnownCause;

static bool start_caged(Restore *restore, ServerProcess *process);
static const KnownCause *known_cause(const char *log);
static bool explain_recovery(Restore *restore);
static void log_end_of_server_log(Job *job, const char *log);
static char *last_transaction(const char *log);
static char *last_words(const char *log);

/*
 * Starts the server and waits until recovery has ended: it accepts no
 * connection before, and the start alone proves nothing.
 */
bool
restore_recover(Restore *restore, Recovery *recovery)
{
	Job *job = restore->job;
	ServerProcess process = {0};
	ServerState state;
	char *log = mem_printf("%s/" INSTANCE_LOG, restore->directory);
	int64_t began = monotonic_ms();
	int64_t progress_at = began;
	off_t seen = 0;
	bool good = false;

	job_phase(job, "recovering");
	if (!start_caged(restore, &process))
	{
		free(log);
		return false;
	}
	instance_recovers(restore->instance, restore->restore_ms, &process, restore->isolation);
	while ((state = server_look(restore->directory, &process)) == SERVER_STARTING)
	{
		struct stat status;

		/* the server logs its progress every second */
		if (stat(log, &status) == 0 && status.st_size != seen)
		{
			seen = status.st_size;
			progress_at = monotonic_ms();
		}
		if (monotonic_ms() >= progress_at + (int64_t) settings.restore_timeout * 1000)
			break;
		if (!job_sleep(job, RECOVERY_LOOK_MS))
			break;
	}
	restore->recovery_ms = monotonic_ms() - began;
	if (state == SERVER_READY)
	{
		restore->held.connections = restore->held.connections &&
									descendants_are_filtered(process.pid);
		recovery_read(restore->directory, json_text_of(restore->backup, "end_time"), recovery);
		job_log(job, JOB_INFO, "recovery has ended at %s on timeline %d",
				recovery->lsn != NULL ? recovery->lsn : "an unknown position", recovery->timeline);
		good = true;
	}
	else if (state == SERVER_GONE)
		explain_recovery(restore);
	else if (!job_cancelled(job))
	{
		char *tail = files_tail(log, LOG_SHOWN);
		const char *last = strrchr(tail, '\n');

		/* what it was doing */
		log_end_of_server_log(job, tail);
		restore_fail(restore, BARMAN_TIMEOUT, last != NULL ? last + 1 : tail,
					 "Look at the load of Barman's host.",
					 "the restored server made no progress for %d seconds and was stopped",
					 settings.restore_timeout);
		free(tail);
	}
	free(log);
	return good;
}

/* Confines the server as the settings require, or does not start it. */
static bool
start_caged(Restore *restore, ServerProcess *process)
{
	const char *option = restore->is_drill ? "drill-network" : "instance-network";
	const Cage cage = {
		.directory = restore->directory,
		.bindir = settings.pg_bindir,
		.port = instance_config(restore->instance).port,
		.network = restore->is_drill ? settings.drill_network : settings.instance_network,
		.required = settings.confinement_required,
	};
	int error = server_start(&cage, &restore->held, process);
	char *detail;

	free(restore->isolation);
	restore->isolation = cage_words(&restore->held, option);
	if (error == 0)
	{
		if (restore->held.abi == 0)
			job_log(restore->job, JOB_WARNING, "%s", restore->isolation);
		return true;
	}
	if (cage.required && restore->held.abi == 0)
	{
		detail = cage_why_not(restore->held.error);
		restore_fail(restore, BARMAN_UNSUPPORTED, detail, cage_hint(restore->held.error),
					 "the restored server cannot be kept in its directory");
		free(detail);
		return false;
	}
	if (error == ENOSYS && !cage.network)
	{
		detail = mem_printf("Start barman-sidecar with --%s=host where the restored server may reach others.",
							option);
		restore_fail(restore, BARMAN_UNSUPPORTED,
					 "This kernel has no seccomp filters, or not for this architecture.", detail,
					 "the restored server cannot be kept from making connections");
		free(detail);
		return false;
	}
	return restore_fail(restore, BARMAN_INTERNAL, strerror(error),
						error == EAGAIN
							? "The user that Barman runs as has as many processes as it may: see what runs as that user, and \"ulimit -u\"."
							: "Check --pg-bindir.",
						"could not start PostgreSQL");
}

static const KnownCause *
known_cause(const char *log)
{
	static const KnownCause causes[] = {
		{"Address already in use", "conflict", "another program has taken the port of the instance",
		 "Restore again: another port will be chosen."},
		{"No space left on device", BARMAN_WRONG_STATE, "the disk became full during recovery",
		 "Free space where the instances are kept: drop one, or give the sidecar another --instance-root."},
		{"database files are incompatible with server", BARMAN_UNSUPPORTED,
		 "the backup is of a PostgreSQL that was built otherwise than the one on Barman's host",
		 "Give the sidecar by --pg-bindir a PostgreSQL that was built as the primary's was, with its --with-blocksize, --with-wal-blocksize and --with-segsize."},
	};

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
	{
		if (strstr(log, causes[i].text) != NULL)
			return &causes[i];
	}
	return NULL;
}

/* Explains why the server ended during recovery. */
static bool
explain_recovery(Restore *restore)
{
	char *log = mem_printf("%s/" INSTANCE_LOG, restore->directory);
	char *tail = files_tail(log, LOG_SHOWN);
	char *words = last_words(tail);
	const KnownCause *known;

	free(log);
	log_end_of_server_log(restore->job, tail);
	if (strstr(tail, "recovery ended before configured recovery target was reached") != NULL)
	{
		char *last = last_transaction(tail);
		char *detail = last == NULL
						   ? mem_strdup(words)
						   : mem_printf("%s\nThe last transaction that can be had ended at %s.",
										words, last);

		restore_fail(restore, BARMAN_WRONG_STATE, detail,
					 restore->target.name != NULL
						 ? "Is the name right, and was the restore point made after the end of the backup? If it was made just now, its WAL may not be archived yet."
						 : "The archived WAL does not reach so far, or the backup is younger than the target.",
					 "recovery ended before the target was reached");
		free(detail);
		free(last);
	}
	else if ((known = known_cause(tail)) != NULL)
		restore_fail(restore, known->code, words, known->hint, "%s", known->message);
	else if (strstr(tail, "resource manager with ID") != NULL)
	{
		const char *preload = restore->request->primary.preload;
		char *hint = mem_printf("Start barman-sidecar with --instance-preload=LIBRARY, which must be installed on Barman's host.%s%s",
								preload != NULL && preload[0] != '\0' ? " The primary preloads: " : "",
								preload != NULL ? preload : "");

		restore_fail(restore, BARMAN_WRONG_STATE, words, hint,
					 "recovery needs a library that is not preloaded: the WAL has records of a resource manager of its own");
		free(hint);
	}
	else
		restore_fail(restore, BARMAN_INTERNAL, words[0] != '\0' ? words : "Its log tells no reason.",
					 "poc_job_log() has the end of the server's log.",
					 "the restored server did not start");
	free(words);
	free(tail);
	return false;
}

/* Logs the end of a server's log, line by line */
static void
log_end_of_server_log(Job *job, const char *log)
{
	for (const char *line = log; *line != '\0';)
	{
		size_t length = strcspn(line, "\n");

		if (length > 0)
			job_log(job, JOB_DEBUG, "%.*s", (int) length, line);
		line += length + (line[length] == '\n' ? 1 : 0);
	}
}

/* malloc'd: end time of the last replayed transaction; NULL if there was none */
static char *
last_transaction(const char *log)
{
	static const char before[] = "last completed transaction was at log time ";
	const char *found = NULL;

	for (const char *at = log; (at = strstr(at, before)) != NULL; at++)
		found = at + strlen(before);
	return found != NULL ? mem_strndup(found, strcspn(found, "\n")) : NULL;
}

/*
 * malloc'd: the last FATAL or PANIC of a log with its DETAIL, HINT and CONTEXT,
 * or ""
 */
static char *
last_words(const char *log)
{
	static const char *const levels[] = {"FATAL:  ", "PANIC:  "};
	static const char *const more[] = {"DETAIL:  ", "HINT:  ", "CONTEXT:  "};
	const char *found = NULL;
	const char *end;

	for (const char *line = log; line != NULL; line = strchr(line, '\n'))
	{
		size_t length;

		line += strspn(line, "\n");
		length = strcspn(line, "\n");
		for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		{
			const char *at = memmem(line, length, levels[i], strlen(levels[i]));

			if (at != NULL)
				found = at + strlen(levels[i]);
		}
	}
	if (found == NULL)
		return mem_strdup("");
	for (end = found + strcspn(found, "\n"); *end == '\n';)
	{
		size_t length = strcspn(end + 1, "\n");
		bool belongs = false;

		for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
			belongs = belongs || memmem(end + 1, length, more[i], strlen(more[i])) != NULL;
		if (!belongs)
			break;
		end += 1 + length;
	}
	return mem_strndup(found, (size_t) (end - found));
}

bool
restore_is_isolated(const Restore *restore)
{
	bool network = restore->is_drill ? settings.drill_network : settings.instance_network;

	return (restore->held.connections || network) &&
		   (restore->held.abi > 0 || !settings.confinement_required);
}

bool
restore_is_on_its_timeline(Restore *restore, const Recovery *recovery)
{
	int timeline = restore->target.timeline;

	if (timeline == 0 || recovery->parent == timeline)
		return true;
	return restore_fail(restore, BARMAN_WRONG_STATE, "A position is one of its timeline only.",
						NULL, "timeline %d was recovered, and the target is on timeline %d",
						recovery->parent, timeline);
}
