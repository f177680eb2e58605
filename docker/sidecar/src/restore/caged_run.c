/*
 * caged_run.c
 *
 * Runs a PostgreSQL program for a job that connects to a restored server or
 * reads its files.  If they take over the program, it can only return wrong
 * output.  It must never get a shell or a path to write to.
 */
#include "restore/caged_run.h"

#include <string.h>

#include "base/settings.h"
#include "jobs/table.h"
#include "jobs/thread.h"
#include "restore/cage.h"

static Cage cage_of(const char *directory, bool asks, const char *program);

void
caged_run(Job *job, const char *directory, bool asks, const char *const *argv, const char *input,
		  int64_t deadline_ms, RunResult *result)
{
	const Cage cage = cage_of(directory, asks, argv[0]);
	JobRun run = {job, NULL, NULL};
	RunRequest request = job_run_request(&run, deadline_ms);

	request.argv = argv;
	request.input = input;
	request.spawn = cage_spawn_run;
	request.how = &cage;
	runner_run(&request, result);
	job_run_ended(job);
}

void
caged_stream(Job *job, const char *const *argv, const char *input, int64_t deadline_ms,
			 bool (*sink)(void *arg, const char *bytes, size_t length), void *arg, RunResult *result)
{
	const Cage cage = cage_of(NULL, true, argv[0]);
	JobRun run = {job, NULL, NULL};
	RunRequest request = job_run_request(&run, deadline_ms);

	request.argv = argv;
	request.input = input;
	request.sink = sink;
	request.sink_arg = arg;
	request.spawn = cage_spawn_run;
	request.how = &cage;
	runner_run(&request, result);
	job_run_ended(job);
}

static Cage
cage_of(const char *directory, bool asks, const char *program)
{
	const Cage cage = {
		.directory = directory,
		.read_only = true,
		/* files of the system are readable anyway: do not run pg_config each time */
		.bindir = strncmp(settings.pg_bindir, "/usr/", 5) == 0 ? NULL : settings.pg_bindir,
		.only = program,
		.socket_files = asks,
		.required = settings.confinement_required,
	};

	return cage;
}
