/*
 * command.h
 *
 * Runs Barman: builds its command line, and explains a run without output to
 * parse.
 */
#ifndef BARMAN_COMMAND_H
#define BARMAN_COMMAND_H

#include <stdbool.h>

#include "barman/runner.h"

/*
 * Run "barman -f json ARGUMENT...".  The request's argv is ignored; arguments
 * ends with NULL and its options come before its positionals.
 */
extern void barman_run(const RunRequest *request, const char *const *arguments, RunResult *result);

/* The same without -f json, for commands whose console output is better */
extern void barman_run_console(const RunRequest *request, const char *const *arguments,
							   RunResult *result);

/*
 * True if the run gave output to parse; else fills *failure.  command is
 * Barman's name of the command.
 */
extern bool barman_run_succeeded(const RunResult *result, const char *command,
								 BarmanFailure *failure);

/* Error codes of our own, beside those of json.h */
#define BARMAN_TIMEOUT		  "barman_timeout"
#define SIDECAR_SHUTTING_DOWN "shutting_down"

#endif /* BARMAN_COMMAND_H */
