/*
 * json.h
 *
 * What Barman printed, as one typed schema for every Barman version.
 *
 * Pure functions over jansson: no I/O, no globals, and never a value that
 * still holds a password.
 */
#ifndef BARMAN_JSON_H
#define BARMAN_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/failure.h"

/* One finished run of barman; out and err need no terminating zero. */
typedef struct BarmanOutput
{
	int			exit_code;
	const char *out;
	size_t		out_length;
	const char *err;
	size_t		err_length;
} BarmanOutput;

/*
 * Parsers of one command's output.  Each returns a new reference, or NULL
 * with *failure filled.  Every key named here is always present; what Barman
 * did not tell is null.  Times are RFC 3339 in UTC, sizes are bytes, positions
 * are text ("0/3000060").
 */

/* list-servers: [ {server, description, state} ], state active|inactive|disabled|passive */
extern json_t *barman_parse_servers(const BarmanOutput *output,
									BarmanFailure *failure);

/*
 * list-backups SERVER: [ {server, backup_id, name, type, status, begin_time,
 * end_time, size, wal_size, parent_id, retention, error} ] newest first;
 * begin_time, parent_id and error are known to diagnose only.
 */
extern json_t *barman_parse_backups(const BarmanOutput *output,
									const char *server,
									BarmanFailure *failure);

/*
 * The facts of one backup from the text of its backup.info, as they stand in a
 * document of barman_parse_diagnose(), but tablespaces is Python's text.  NULL
 * if it is no such file.
 */
extern json_t *barman_parse_backup_info(const char *text);

/*
 * Fill what list-backups left null from a document of
 * barman_parse_diagnose(), and give the times their microseconds.  Works on
 * wide objects of barman_parse_backup() too, put in an array.  False if the
 * document knows nothing of the server; the backups are then unchanged.
 */
extern bool barman_merge_diagnose(json_t *backups, const char *server,
								  const json_t *diagnose);

/*
 * What diagnose tells of one backup: of the wide object, what does not depend
 * on the WAL archived since, and segment_size.  NULL: it does not know it.
 */
extern json_t *barman_diagnose_backup(const json_t *diagnose, const char *server,
									  const char *id);

/* show-backup SERVER ID: the wide object */
extern json_t *barman_parse_backup(const BarmanOutput *output,
								   const char *server,
								   BarmanFailure *failure);

/* check SERVER: [ {server, check_name, ok, hint} ]; exit code 1 with data is data */
extern json_t *barman_parse_check(const BarmanOutput *output,
								  const char *server,
								  BarmanFailure *failure);

/* status SERVER: [ {server, key, description, value} ] */
extern json_t *barman_parse_status(const BarmanOutput *output,
								   const char *server,
								   BarmanFailure *failure);

/* replication-status SERVER (not --minimal): {server_lsn, clients: [ ... ]} */
extern json_t *barman_parse_replication(const BarmanOutput *output,
										const char *server,
										BarmanFailure *failure);

/*
 * show-servers SERVER: {base, wals, streaming, incoming, errors, locks}: absolute
 * paths or null; receives: by its configuration WAL is streamed; in_recovery;
 * system_id: text or null
 */
extern json_t *barman_parse_directories(const BarmanOutput *output,
										const char *server,
										BarmanFailure *failure);

/* diagnose, as -f json or as the console prints it: the document, secrets removed */
extern json_t *barman_parse_diagnose(const BarmanOutput *output,
									 BarmanFailure *failure);

/*
 * Any run: [ {level: info|warning|error, text} ].  Unlike the others this
 * never fails; NULL means out of memory.
 */
extern json_t *barman_parse_messages(const BarmanOutput *output);

/*
 * backup SERVER: {backup_id, status, waiting, error}.  A backup that failed
 * while it copied is a value (status FAILED, error says why); one that did not
 * start is NULL: backup_running, unknown_server, unknown_backup (of the
 * parent) or barman_failed.  The status is what Barman believed at the time:
 * ask the catalogue before you call it DONE.
 */
extern json_t *barman_parse_backup_run(const BarmanOutput *output,
									   const char *server,
									   BarmanFailure *failure);

/*
 * switch-wal SERVER: {wal_file, switched, archived}.  archived is true only
 * when Barman says that it stored the segment; a closed segment that did not
 * arrive in time is a value, not a failure, although Barman exits 1.
 */
extern json_t *barman_parse_switch_wal(const BarmanOutput *output,
									   const char *server,
									   BarmanFailure *failure);

/*
 * recover SERVER ...: {}.  A backup that Barman restored although it "IS NOT
 * VALID" is a failure.
 */
extern json_t *barman_parse_restore(const BarmanOutput *output,
									const char *server,
									BarmanFailure *failure);

/*
 * verify-backup SERVER ID: {status: valid|corrupt, detail}.  A backup that
 * cannot be verified is a failure, a corrupt one a value.
 */
extern json_t *barman_parse_verify(const BarmanOutput *output,
								   const char *server,
								   BarmanFailure *failure);

/* keep SERVER ID, with --target or --release: {} */
extern json_t *barman_parse_keep(const BarmanOutput *output,
								 const char *server,
								 BarmanFailure *failure);

/* keep --status SERVER ID: {status: full|standalone|none} */
extern json_t *barman_parse_keep_status(const BarmanOutput *output,
										const char *server,
										BarmanFailure *failure);

/* delete SERVER ID: {deleted: [id]}: with the backup go those based on it */
extern json_t *barman_parse_delete(const BarmanOutput *output,
								   const char *server,
								   BarmanFailure *failure);

/* barman --version: {text: "3.13.3", number: 31303} */
extern json_t *barman_parse_version(const BarmanOutput *output,
									BarmanFailure *failure);

/*
 * Remove passwords from a value, in place and recursively: from strings that
 * hold connection strings or URIs, and the values of secret keys.  Every
 * parser above has done it already.
 */
extern void barman_redact(json_t *value);

/* The same for one text of known length; malloc'd, NULL when out of memory. */
extern char *barman_redact_text(const char *text, size_t length);

#endif							/* BARMAN_JSON_H */
