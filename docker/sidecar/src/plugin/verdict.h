/*
 * verdict.h
 *
 * What a monitoring plugin says of servers: a status, a line, and figures.
 */
#ifndef PLUGIN_VERDICT_H
#define PLUGIN_VERDICT_H

#include <jansson.h>

/* The exit codes of plugins, as Nagios defined them */
typedef enum PluginStatus
{
	PLUGIN_OK,
	PLUGIN_WARNING,
	PLUGIN_CRITICAL,
	PLUGIN_UNKNOWN
} PluginStatus;

/* What the sidecar tells of a server; NULL: it could not be had */
typedef struct ServerFacts
{
	const char *server;
	const json_t *checks;  /* of /v1/servers/S/check, and so on */
	const json_t *backups; /* newest first */
	const json_t *drill;
	const json_t *disks;
	double disk_warning; /* percent of a disk that must be free */
	double disk_critical;
} ServerFacts;

/* Grows with each server; all zeros is one of no server. */
typedef struct Verdict
{
	PluginStatus status;
	char *lines;   /* one for each server, with newlines between them; NULL: none */
	char *figures; /* performance data; NULL: none */
	int servers;
} Verdict;

/* now: seconds since 1970 */
extern void verdict_add(Verdict *verdict, const ServerFacts *facts, double now);

/* A finding that is not about the facts of a server; label may be NULL. */
extern void verdict_add_finding(Verdict *verdict, PluginStatus status, const char *label,
								const char *text);

/* Print it, as plugins do; the exit code.  Frees it. */
extern int verdict_print(Verdict *verdict);

#endif /* PLUGIN_VERDICT_H */
