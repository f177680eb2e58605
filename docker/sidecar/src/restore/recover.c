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

static bool start_caged(Restore *restore, ServerProcess *process);

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
		restore_explain_log(restore);
	else if (!job_cancelled(job))
	{
		char *tail = files_tail(log, RESTORE_LOG_SHOWN);
		const char *last = strrchr(tail, '\n');

		/* what it was doing */
		restore_log_end(job, tail);
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
