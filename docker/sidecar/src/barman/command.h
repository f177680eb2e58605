/*
 * command.h
 *
 * Running Barman: its command line, and what it means when a run brings
 * nothing to read.
 */
#ifndef BARMAN_COMMAND_H
#define BARMAN_COMMAND_H

#include <stdbool.h>

#include "barman/runner.h"

/*
 * Run "barman -f json ARGUMENT...".  The request's argv is ignored; arguments
 * ends with NULL and its options come before its positionals.
 */
extern void barman_run(const RunRequest *request, const char *const *arguments,
					   RunResult *result);

/* The same without -f json, for the commands whose JSON is worse. */
extern void barman_run_console(const RunRequest *request, const char *const *arguments,
							   RunResult *result);

/*
 * True if the run gave output to parse; else says why not.  command is
 * Barman's word for what was tried.
 */
extern bool barman_run_succeeded(const RunResult *result, const char *command,
								 BarmanFailure *failure);

/* Codes of our own, beside those of json.h */
#define BARMAN_TIMEOUT "barman_timeout"
#define SIDECAR_SHUTTING_DOWN "shutting_down"

#endif							/* BARMAN_COMMAND_H */
