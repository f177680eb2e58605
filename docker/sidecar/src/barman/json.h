/*
 * json.h
 *
 * Parses Barman's output into one typed schema for every Barman version.
 *
 * Pure functions over jansson: no I/O, no globals, and no value that still
 * holds a password.
 */
#ifndef BARMAN_JSON_H
#define BARMAN_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/failure.h"

/* The output of one barman run; out and err need no terminating zero. */
typedef struct BarmanOutput
{
	int exit_code;
	const char *out;
	size_t out_length;
	const char *err;
	size_t err_length;
} BarmanOutput;

/*
 * Parsers, one for each command's output.  Each returns a new reference, or
 * NULL with *failure filled.  Every key named here is always present; what
 * Barman did not report is null.  Times are RFC 3339 in UTC, sizes are bytes,
 * positions are text ("0/3000060").
 */

/* list-servers: [ {server, description, state} ], state active|inactive|disabled|passive */
extern json_t *barman_parse_servers(const BarmanOutput *output, BarmanFailure *failure);

/*
 * list-backups SERVER: [ {server, backup_id, name, type, status, begin_time,
 * end_time, size, wal_size, parent_id, timeline, begin_lsn, end_lsn,
 * cluster_size, retention, error} ] newest first; only diagnose reports
 * begin_time, parent_id, timeline, positions, cluster_size and error.
 */
extern json_t *barman_parse_backups(const BarmanOutput *output, const char *server,
									BarmanFailure *failure);

/*
 * The facts of one backup from the text of its backup.info, with the keys of
 * barman_parse_diagnose()'s document, except that tablespaces is Python's text.
 * NULL if the text is no backup.info.
 */
extern json_t *barman_parse_backup_info(const char *text);

/*
 * Fill nulls of list-backups from a document of barman_parse_diagnose(), and
 * give the times their microseconds.  Also works on an array of wide objects of
 * barman_parse_backup().  False if the document does not contain the server;
 * the backups are then unchanged.
 */
extern bool barman_merge_diagnose(json_t *backups, const char *server, const json_t *diagnose);

/*
 * What diagnose reports about one backup: the keys of the wide object that do not depend
 * on later WAL, and segment_size.  NULL if it does not contain the backup.
 */
extern json_t *barman_diagnose_backup(const json_t *diagnose, const char *server, const char *id);

/* show-backup SERVER ID: the wide object */
extern json_t *barman_parse_backup(const BarmanOutput *output, const char *server,
								   BarmanFailure *failure);

/* Is this the wide object, and not a line of the list?  Of a backup that has failed both lack what tells. */
extern bool barman_backup_is_wide(const json_t *backup);

/* check SERVER: [ {server, check_name, ok, hint} ]; exit code 1 with rows is a value */
extern json_t *barman_parse_check(const BarmanOutput *output, const char *server,
								  BarmanFailure *failure);

/* status SERVER: [ {server, key, description, value} ] */
extern json_t *barman_parse_status(const BarmanOutput *output, const char *server,
								   BarmanFailure *failure);

/* replication-status SERVER (not --minimal): {server_lsn, clients: [ ... ]} */
extern json_t *barman_parse_replication(const BarmanOutput *output, const char *server,
										BarmanFailure *failure);

/*
 * show-servers SERVER: {base, wals, streaming, incoming, errors, locks}:
 * absolute paths or null; receives: is WAL streaming configured; passive: does
 * it copy from another Barman; in_recovery; system_id: text or null;
 * has_passphrase: is a command for it configured; retention_policy: its words,
 * or null if there is none; minimum_redundancy
 */
extern json_t *barman_parse_directories(const BarmanOutput *output, const char *server,
										BarmanFailure *failure);

/* diagnose, with -f json or on the console: the document, with secrets removed */
extern json_t *barman_parse_diagnose(const BarmanOutput *output, BarmanFailure *failure);

/*
 * Any run: [ {level: info|warning|error, text} ].  Unlike the others this never
 * fails; NULL means out of memory.
 */
extern json_t *barman_parse_messages(const BarmanOutput *output);

/*
 * backup SERVER: {backup_id, status, waiting, error, hint}.  A backup that failed
 * during the copy is a value (status FAILED, with an error); one that did not
 * start is NULL: backup_running, unknown_server, unknown_backup (of the parent)
 * or barman_failed.  The status may be outdated: check the catalogue before you
 * report DONE.
 */
extern json_t *barman_parse_backup_run(const BarmanOutput *output, const char *server,
									   BarmanFailure *failure);

/*
 * switch-wal SERVER: {wal_file, switched, archived}.  archived is true only if
 * Barman reports that it archived the segment; a closed segment that did not
 * arrive in time is a value, not a failure, although Barman exits with 1.
 */
extern json_t *barman_parse_switch_wal(const BarmanOutput *output, const char *server,
									   BarmanFailure *failure);

/*
 * recover SERVER ...: {}.  A restore that Barman reports as "IS NOT VALID" is a
 * failure.
 */
extern json_t *barman_parse_restore(const BarmanOutput *output, const char *server,
									BarmanFailure *failure);

/*
 * verify-backup SERVER ID: {status: valid|corrupt, detail}.  A backup that
 * cannot be verified is a failure; a corrupt one is a value.
 */
extern json_t *barman_parse_verify(const BarmanOutput *output, const char *server,
								   BarmanFailure *failure);

/* keep SERVER ID, with --target or --release: {} */
extern json_t *barman_parse_keep(const BarmanOutput *output, const char *server,
								 BarmanFailure *failure);

/* keep --status SERVER ID: {status: full|standalone|none} */
extern json_t *barman_parse_keep_status(const BarmanOutput *output, const char *server,
										BarmanFailure *failure);

/* delete SERVER ID: {deleted: [id]}, including the backups based on it */
extern json_t *barman_parse_delete(const BarmanOutput *output, const char *server,
								   BarmanFailure *failure);

/* barman --version: {text: "3.13.3", number: 31303} */
extern json_t *barman_parse_version(const BarmanOutput *output, BarmanFailure *failure);

/*
 * Remove passwords from a value, in place and recursively: from strings that
 * hold connection strings or URIs, and from the values of secret keys.  Every
 * parser above already calls this.
 */
extern void barman_redact(json_t *value);

/* The same for a text of this length; malloc'd, NULL when out of memory. */
extern char *barman_redact_text(const char *text, size_t length);

#endif /* BARMAN_JSON_H */
