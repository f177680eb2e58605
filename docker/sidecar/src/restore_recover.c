/*
 * restore_recover.c
 *
 * Starts a restored server and stays until its recovery has ended, which alone
 * is success.
 */
#include "restore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "barman_run.h"
#include "confinement.h"
#include "instance_files.h"
#include "memory.h"
#include "options.h"
#include "timestamp.h"

/* How often to look whether recovery has ended */
#define RECOVERY_LOOK_MS 50

/* What is shown of the log of a server that did not recover */
#define LOG_SHOWN 2000

static bool explain_recovery(Restore *restore);

/*
 * Start the server and wait until recovery has ended: it takes no connection
 * before, and that it started says nothing.
 */
bool
restore_recover(Restore *restore, Recovery *recovery)
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
		return restore_fail(restore, BARMAN_UNSUPPORTED, "This kernel has no seccomp filters, or not for this architecture.",
					"Start barman-sidecar with --drill-network=host where the restored server may reach others.",
					"the restored server cannot be kept from making connections");
	}
	if (error != 0)
	{
		free(log);
		return restore_fail(restore, BARMAN_INTERNAL, strerror(error), "Check --pg-bindir.",
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
		recovery_read(restore->directory, json_text_of(restore->backup, "end_time"), recovery);
		job_log(job, JOB_INFO, "recovery has ended at %s on timeline %d",
				recovery->lsn != NULL ? recovery->lsn : "an unknown position", recovery->timeline);
		good = true;
	}
	else if (state == SERVER_GONE)
		explain_recovery(restore);
	else if (!job_cancelled(job))
	{
		char	   *tail = instance_files_tail(log, LOG_SHOWN);

		restore_fail(restore, BARMAN_TIMEOUT, tail, "Look at the load of Barman's host.",
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
		restore_fail(restore, BARMAN_WRONG_STATE, tail,
			 restore->target.name != NULL ?
			 "Is the name right, and was the restore point made after the end of the backup? If it was made just now, its WAL may not be archived yet." :
			 "The archived WAL does not reach so far, or the backup is younger than the target.",
			 "recovery ended before the target was reached");
	else if (strstr(tail, "Address already in use") != NULL)
		restore_fail(restore, "conflict", tail, "Restore again: another port will be chosen.",
			 "another program has taken the port of the instance");
	else
		restore_fail(restore, BARMAN_INTERNAL, tail, "The log of the server is above.",
			 "the restored server did not start");
	free(tail);
	return false;
}
