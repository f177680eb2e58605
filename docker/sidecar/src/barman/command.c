/*
 * command.c
 *
 * Builds Barman's command line.  The callers validate the arguments; no shell
 * interprets them.
 */
#include "barman/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/settings.h"

/* recover has two arguments per tablespace, and accepts at most a hundred. */
#define ARGUMENTS_MAX 240

static void run(const RunRequest *request, bool json, const char *const *arguments,
				RunResult *result);

void
barman_run(const RunRequest *request, const char *const *arguments, RunResult *result)
{
	run(request, true, arguments, result);
}

void
barman_run_console(const RunRequest *request, const char *const *arguments, RunResult *result)
{
	run(request, false, arguments, result);
}

bool
barman_run_succeeded(const RunResult *result, const char *command, BarmanFailure *failure)
{
	memset(failure, 0, sizeof(*failure));
	switch (result->outcome)
	{
		case RUN_EXITED:
			return true;
		case RUN_TIMED_OUT:
			failure->code = BARMAN_TIMEOUT;
			failure->message = mem_printf("\"barman %s\" did not end within %.0f seconds and was stopped",
										  command, (double) result->elapsed_ms / 1000);
			failure->detail = mem_strdup(
				"Barman waits without limit for a PostgreSQL server that accepts connections but does not answer.");
			failure->hint = mem_strdup(
				"Check that the server answers, and set connect_timeout in Barman's conninfo and streaming_conninfo.");
			break;
		case RUN_CANCELLED:
			failure->code = SIDECAR_SHUTTING_DOWN;
			failure->message = mem_printf("\"barman %s\" was stopped", command);
			failure->detail = mem_strdup("The sidecar is shutting down.");
			break;
		case RUN_TOO_LARGE:
			failure->code = BARMAN_FAILED;
			failure->message = mem_printf("\"barman %s\" wrote more than the sidecar is willing to hold",
										  command);
			failure->detail = mem_printf("It was stopped after %zu bytes.", result->out_length);
			break;
		case RUN_SIGNALED:
			failure->code = BARMAN_FAILED;
			failure->message = mem_printf("\"barman %s\" was ended by signal %d", command,
										  result->signal);
			break;
		case RUN_NOT_STARTED:
			failure->code = BARMAN_FAILED;
			failure->message = mem_printf("could not start \"barman %s\"", command);
			failure->detail = mem_printf("%s: %s", settings.barman, strerror(result->start_error));
			break;
	}
	return false;
}

static void
run(const RunRequest *request, bool json, const char *const *arguments, RunResult *result)
{
	const char *argv[ARGUMENTS_MAX + 6];
	RunRequest call = *request;
	int n = 0;
	char elapsed[32];
	char code[16];

	argv[n++] = settings.barman;
	if (settings.barman_config != NULL)
	{
		argv[n++] = "-c";
		argv[n++] = settings.barman_config;
	}
	if (json)
	{
		argv[n++] = "-f";
		argv[n++] = "json";
	}
	for (int i = 0; i < ARGUMENTS_MAX && arguments[i] != NULL; i++)
		argv[n++] = arguments[i];
	argv[n] = NULL;
	call.argv = argv;
	runner_run(&call, result);

	snprintf(elapsed, sizeof(elapsed), "%lld", (long long) result->elapsed_ms);
	snprintf(code, sizeof(code), "%d", result->exit_code);
	log_line(LOGLEVEL_DEBUG, "barman ran", "command", arguments[0], "exit_code", code, "ms",
			 elapsed, NULL);
}
