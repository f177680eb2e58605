/*
 * server_needs.h
 *
 * What a server must be given to recover what another has written.
 */
#ifndef RESTORE_SERVER_NEEDS_H
#define RESTORE_SERVER_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

typedef struct ServerNeeds
{
	int64_t		connections;
	int64_t		worker_processes;
	int64_t		prepared_transactions;
	int64_t		locks_per_transaction;
	int64_t		predicate_locks_per_transaction;
	int64_t		origins;
	bool		commit_timestamps;
	bool		knows_origins;	/* PostgreSQL has a setting of their number alone */
	int64_t		shared_buffers; /* in MB */
} ServerNeeds;

/*
 * controldata is what pg_controldata says of the data directory; told are the
 * settings of the primary as its extension tells them, by name, or NULL.
 * Neither is believed to be all: WAL may come from a time between the two.
 */
extern ServerNeeds server_needs(const char *data, const char *controldata, const json_t *told);

/* An unsigned number in pg_controldata's output; def if it is not there. */
extern int64_t controldata_number(const char *controldata, const char *key, int64_t def);

#endif							/* RESTORE_SERVER_NEEDS_H */
