/*
 * server_process.c
 *
 * Starts, observes and ends the process of a restored PostgreSQL server, by
 * postmaster.pid and without libpq.  Never signals a process other than its
 * keeper, or the keeper's child.
 */
#include "restore/server_process.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "barman/runner.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/timestamp.h"
#include "restore/cage.h"
#include "restore/descendants.h"
#include "restore/instance_files.h"
#include "restore/server_keeper.h"

#define LOOK_AGAIN_MS 50

/* After SIGKILL, only the kernel can delay the end. */
#define KILL_MS 5000

/* A keeper with many processes to end takes time. */
#define KEEPER_MS 60000

#define PROGRAM_MS 30000

/* Lines of postmaster.pid, from 1 (PostgreSQL's utils/pidfile.h) */
#define PIDFILE_STATUS 8

static char *output_of(RunRequest *request);
static bool lives(const ServerProcess *process);
static bool wait_gone(const ServerProcess *process, int64_t milliseconds, bool patient);
static char *pidfile_line(const char *directory, int number);

char *
server_program(const char *bindir, const char *program, const char *argument)
{
	char *path = mem_printf("%s/%s", bindir, program);
	const char *argv[] = {"/usr/bin/env", "LC_ALL=C", path, argument, NULL};
	RunRequest request = {.argv = argv};
	char *text = output_of(&request);

	free(path);
	return text;
}

/* "postgres (PostgreSQL) 15.20 (Debian ...)" */
int
server_major_version(const char *bindir)
{
	static atomic_int known; /* bindir holds one version */
	int major = atomic_load(&known);
	char *text;

	if (major == 0)
	{
		text = server_program(bindir, "postgres", "--version");
		sscanf(text, "postgres (PostgreSQL) %d", &major);
		free(text);
		atomic_store(&known, major);
	}
	return major;
}

/* pg_controldata reads a file that a superuser of the primary may have written. */
char *
server_controldata(const char *bindir, const char *directory, bool required)
{
	char *path = mem_printf("%s/pg_controldata", bindir);
	char *data = mem_printf("%s/" INSTANCE_DATA, directory);
	const char *argv[] = {path, data, NULL};
	const Cage cage = {
		.directory = directory,
		.read_only = true,
		.bindir = bindir,
		.only = path,
		.required = required,
	};
	RunRequest request = {.argv = argv, .spawn = cage_spawn_run, .how = &cage};
	char *text = output_of(&request);

	free(path);
	free(data);
	return text;
}

/* "" if it failed */
static char *
output_of(RunRequest *request)
{
	RunResult result;
	char *text;

	request->deadline_ms = PROGRAM_MS;
	request->grace_ms = 1000;
	runner_run(request, &result);
	text = mem_strdup(result.outcome == RUN_EXITED && result.exit_code == 0 ? result.out : "");
	runner_free(&result);
	return text;
}

int
server_start(const Cage *cage, CageHold *held, ServerProcess *process)
{
	int error = server_keeper_start(cage, held, &process->pid);

	if (error == 0)
		process->start_time = process_start_time(process->pid);
	else
		process->pid = 0;
	return error;
}

ServerState
server_look(const char *directory, const ServerProcess *process)
{
	char *status;
	ServerState state = SERVER_STARTING;

	if (!lives(process))
		return SERVER_GONE;

	/* "ready   " appears once the startup process, and so recovery, has ended */
	status = pidfile_line(directory, PIDFILE_STATUS);
	if (status != NULL && strncmp(status, "ready", 5) == 0)
		state = SERVER_READY;
	free(status);
	return state;
}

bool
server_ended_cleanly(const char *directory)
{
	char *line = pidfile_line(directory, 1);
	bool cleanly = line == NULL;

	free(line);
	return cleanly;
}

bool
server_end(const ServerProcess *process, int64_t grace_ms)
{
	bool gone = true;

	if (!lives(process))
		return true;

	/* immediate shutdown: data that is about to be removed needs no checkpoint */
	kill(process->pid, SIGQUIT);
	if (!wait_gone(process, grace_ms, true))
	{
		/* Stopped or stuck: the keeper ends all its processes */
		kill(process->pid, SIGTERM);
		gone = wait_gone(process, KEEPER_MS, false);
	}
	if (!gone)
	{
		/*
		 * The keeper is stopped, or does not exist because an older sidecar
		 * started the server.  End the processes below it first: without their
		 * parent they could not be identified.
		 */
		int64_t until = monotonic_ms() + KILL_MS;
		int left;

		kill(process->pid, SIGSTOP);
		while ((left = descendants_end(process->pid)) > 0 && monotonic_ms() < until)
			usleep(LOOK_AGAIN_MS * 1000);
		/*
		 * Only the keeper leads to those that are left, and a look from outside
		 * may miss one that is just being forked: it lives and goes on until
		 * the kernel tells it that it has no child.
		 */
		if (left == 0 && !server_keeper_is(process->pid))
			kill(process->pid, SIGKILL);
		kill(process->pid, SIGTERM);
		kill(process->pid, SIGCONT);
		gone = wait_gone(process, KEEPER_MS, false);
	}
	return gone;
}

/* Reaps the process if it is a child of ours that has ended. */
static bool
lives(const ServerProcess *process)
{
	if (process->pid <= 1 || process->start_time == 0)
		return false;
	if (process_start_time(process->pid) != process->start_time)
		return false;
	if (waitpid(process->pid, NULL, WNOHANG) == process->pid)
		return false;
	return process_is_running(process->pid, process->start_time);
}

/* patient: also while it is stopped, as it may soon go on; a stopped keeper ends nothing. */
static bool
wait_gone(const ServerProcess *process, int64_t milliseconds, bool patient)
{
	int64_t until = monotonic_ms() + milliseconds;

	while (lives(process))
	{
		if (monotonic_ms() >= until || (!patient && process_is_stopped(process->pid)))
			return false;
		usleep(LOOK_AGAIN_MS * 1000);
	}
	return true;
}

static char *
pidfile_line(const char *directory, int number)
{
	char *path = mem_printf("%s/" INSTANCE_DATA "/postmaster.pid", directory);
	char *text = files_read(path);
	char *line = text;
	char *found = NULL;

	free(path);
	for (int n = 1; line != NULL && *line != '\0'; n++)
	{
		size_t length = strcspn(line, "\n");

		if (n == number)
		{
			found = mem_strndup(line, length);
			break;
		}
		line += length;
		if (*line == '\n')
			line++;
	}
	free(text);
	return found;
}
