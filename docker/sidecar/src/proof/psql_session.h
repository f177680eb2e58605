/*
 * psql_session.h
 *
 * Queries a restored server with psql, through its own socket.
 */
#ifndef PROOF_PSQL_SESSION_H
#define PROOF_PSQL_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs/job.h"
#include "restore/instance_config.h"

/* For one table or one assertion: a large table is read at about 100 MB/s. */
#define DRILL_STATEMENT_MS (INT64_C(6) * 3600 * 1000)

#define DRILL_QUICK_MS 60000

/* How much of a program's output a step shows */
#define DRILL_DETAIL_MAX 1000

typedef struct DrillServer
{
	Job *job; /* each query is cancelled with it */
	const ServerConfig *config;
	int major; /* of PostgreSQL */
	const char *database;
	const char *superuser;
	const char *encoding; /* of the client: usually UTF8 */
	char reader[32];	  /* a role that can only read */
	char schema[32];	  /* of the sidecar's functions there */
	char tag[24];		  /* random, so that nobody knows it */
} DrillServer;

/* One of the two is NULL; the other is malloc'd. */
typedef struct DrillAnswer
{
	char *output; /* the first line of the result */
	char *error;  /* why there is none: message, DETAIL, HINT */
} DrillAnswer;

/* Chooses names that nothing in the server can have. */
extern DrillServer drill_server(Job *job, const ServerConfig *config, int major,
								const char *database, const char *superuser);

/*
 * Runs the queries in one session, each in a transaction of its own; an error
 * does not end the session.  A query may have several statements and psql
 * commands: it may contain text from outside only through drill_value() and
 * drill_identifier(), and never anything that the server has answered.
 * Several threads may call this.
 */
extern void drill_ask(const DrillServer *server, const char *user, int64_t deadline_ms,
					  char *const *queries, size_t count, DrillAnswer *answers);

/*
 * Asks one query as superuser for a JSON object; without a row it is empty.
 * NULL: *error has the server's words, malloc'd, or else these.
 */
extern json_t *drill_ask_object(const DrillServer *server, char *query, const char *words,
								char **error);

extern void drill_answer_free(DrillAnswer *answer);

/* malloc'd: the connection string of the server for this user, with this client encoding */
extern char *drill_conninfo(const DrillServer *server, const char *user, const char *encoding);

/*
 * malloc'd: SQL of this text as a value, and as an identifier.  Both are only
 * hexadecimal, because the server decides how psql and itself read anything
 * else.  encoding: of the text, as PostgreSQL names it.
 */
extern char *drill_value(const char *text, const char *encoding);
extern char *drill_identifier(const char *text);

#endif /* PROOF_PSQL_SESSION_H */
