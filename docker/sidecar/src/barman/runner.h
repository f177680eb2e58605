/*
 * runner.h
 *
 * Runs one child process: argv in, output out, with a deadline.
 */
#ifndef BARMAN_RUNNER_H
#define BARMAN_RUNNER_H

#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "barman/json.h"
#include "barman/run_control.h"

typedef enum RunOutcome
{
	RUN_EXITED,	  /* exit_code is valid */
	RUN_SIGNALED, /* by a signal that we did not send */
	RUN_TIMED_OUT,
	RUN_CANCELLED,
	RUN_TOO_LARGE,	/* output exceeds our limit */
	RUN_NOT_STARTED /* start_error is valid */
} RunOutcome;

/* Starts a program in place of posix_spawn(); returns errno. */
typedef int (*RunSpawn)(const void *how, pid_t *pid, const char *path,
						posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
						char *const *argv);

typedef struct RunRequest
{
	const char *const *argv;			   /* argv[0] is an absolute path */
	const char *input;					   /* standard input, or NULL for none */
	int64_t deadline_ms;				   /* from now */
	int64_t grace_ms;					   /* between SIGINT and SIGKILL */
	RunControl *control;				   /* or NULL */
	void (*started)(void *arg, pid_t pid); /* or NULL */
	bool (*tick)(void *arg);			   /* every tick_ms while it runs, or NULL;
									 * false ends it as its deadline would */
	int64_t tick_ms;
	void *arg;
	bool (*sink)(void *sink_arg, const char *bytes, size_t length); /* takes standard output
									 * in place of the result, or NULL; false ends it as a cancel would */
	void *sink_arg;
	RunSpawn spawn;	 /* or NULL */
	const void *how; /* argument of spawn */
} RunRequest;

typedef struct RunResult
{
	RunOutcome outcome;
	int exit_code;
	int signal;
	int start_error;
	int64_t elapsed_ms;
	char *out;
	size_t out_length;
	char *err;
	size_t err_length;
} RunResult;

/* Blocks the calling thread until the child is reaped. */
extern void runner_run(const RunRequest *request, RunResult *result);
extern void runner_free(RunResult *result);
extern BarmanOutput runner_output(const RunResult *result);

#endif /* BARMAN_RUNNER_H */
