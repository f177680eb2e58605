/*
 * caged_run.c
 *
 * Runs for a job a program of PostgreSQL's that talks to a restored server or
 * reads its files: whatever these make of it, it can tell us no more than
 * lies.  It must never be given a shell or a path to write to.
 */
#include "caged_run.h"

#include <string.h>

#include "cage.h"
#include "job_internal.h"
#include "options.h"
#include "process.h"

static int	spawn_in_cage(const void *how, pid_t *pid, const char *path,
						  posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
						  char *const *argv);
static void run_started(void *arg, pid_t pid);

bool
caged_run(Job *job, const char *directory, bool asks, const char *const *argv,
		  const char *input, int64_t deadline_ms, RunResult *result)
{
	const Cage	cage = {
		.directory = directory,
		.read_only = true,
		/* what is of the system may be read anyway, and need not be asked for each time */
		.bindir = strncmp(options.pg_bindir, "/usr/", 5) == 0 ? NULL : options.pg_bindir,
		.only = argv[0],
		.socket_files = asks,
		.required = options.confinement_required
	};
	const RunRequest request = {
		.argv = argv,
		.input = input,
		.deadline_ms = deadline_ms,
		.grace_ms = CANCEL_GRACE_MS,
		.control = job->control,
		.started = run_started,
		.arg = job,
		.spawn = spawn_in_cage,
		.how = &cage
	};

	runner_run(&request, result);
	pthread_mutex_lock(&job_table.lock);
	job->process = 0;
	pthread_mutex_unlock(&job_table.lock);
	return !run_control_cancelled(job->control);
}

static int
spawn_in_cage(const void *how, pid_t *pid, const char *path,
			  posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
			  char *const *argv)
{
	CageHold	held;

	return cage_spawn(how, &held, pid, path, actions, attributes, argv);
}

/* As soon as it runs, for who tidies up after a sidecar that has died */
static void
run_started(void *arg, pid_t pid)
{
	Job		   *job = arg;

	pthread_mutex_lock(&job_table.lock);
	job->process = pid;
	job->process_start = process_start_time(pid);
	pthread_mutex_unlock(&job_table.lock);
	job_write_record(job);
}
