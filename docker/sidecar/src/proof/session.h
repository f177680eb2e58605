/*
 * session.h
 *
 * Asking a restored server by psql, through its own socket.
 */
#ifndef PROOF_SESSION_H
#define PROOF_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs/job.h"
#include "restore/instance_config.h"

/* Of one table, one assertion: a large table is read at 100 MB/s or so. */
#define DRILL_STATEMENT_MS (INT64_C(6) * 3600 * 1000)

#define DRILL_QUICK_MS 60000

/* What a step shows of a program's words */
#define DRILL_DETAIL_MAX 1000

typedef struct DrillServer
{
	Job		   *job;			/* each question is cancelled with it */
	const ServerConfig *config;
	int			major;			/* of PostgreSQL */
	const char *database;
	const char *superuser;
	const char *encoding;		/* of the client: UTF8 as a rule */
	char		reader[32];		/* a role that can only read */
	char		schema[32];		/* of our functions there */
	char		tag[24];		/* nobody can know it */
} DrillServer;

/* One of both is NULL; malloc'd. */
typedef struct DrillAnswer
{
	char	   *output;			/* the first line of the result */
	char	   *error;			/* why there is none: message, DETAIL, HINT */
} DrillAnswer;

/* With names that nothing in the server can have. */
extern DrillServer drill_server(Job *job, const ServerConfig *config, int major,
								const char *database, const char *superuser);

/*
 * Ask one after the other in one session, each in a transaction of its own;
 * one that fails does not end it.  A question may be several statements, and
 * commands of psql's: nothing from outside may stand in it but by
 * drill_value() and drill_identifier(), nor anything that the server has
 * answered.  May be called by several threads.
 */
extern void drill_ask(const DrillServer *server, const char *user, int64_t deadline_ms,
					  char *const *queries, size_t count, DrillAnswer *answers);

extern void drill_answer_free(DrillAnswer *answer);

/* malloc'd: how libpq finds the server as this user, who reads and writes in this encoding */
extern char *drill_conninfo(const DrillServer *server, const char *user, const char *encoding);

/*
 * malloc'd: SQL of this text as a value, and as an identifier.  Both are digits
 * alone, for how psql and the server read anything else is the server's choice.
 * encoding: of the text, in PostgreSQL's words.
 */
extern char *drill_value(const char *text, const char *encoding);
extern char *drill_identifier(const char *text);

#endif							/* PROOF_SESSION_H */
