/*
 * server_needs.h
 *
 * The settings that a server needs to recover the WAL of another.
 */
#ifndef RESTORE_SERVER_NEEDS_H
#define RESTORE_SERVER_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

/* Settings of the primary, as its extension reports them; 0: not known */
typedef struct PrimarySettings
{
	int64_t max_connections;
	int64_t max_worker_processes;
	int64_t max_wal_senders;
	int64_t max_prepared_transactions;
	int64_t max_locks_per_transaction;
	int64_t max_pred_locks_per_transaction;
	int64_t max_replication_slots;
	int64_t max_active_replication_origins;
} PrimarySettings;

typedef struct ServerNeeds
{
	int64_t connections;
	int64_t worker_processes;
	int64_t prepared_transactions;
	int64_t locks_per_transaction;
	int64_t predicate_locks_per_transaction;
	int64_t origins;
	bool commit_timestamps;
	bool knows_origins;		/* PostgreSQL has a separate setting for them */
	int64_t shared_buffers; /* in MB */
	int64_t min_wal_size;	/* in MB: at least two segments */
	int64_t max_wal_size;	/* in MB */
} ServerNeeds;

/*
 * controldata is the output of pg_controldata for the data directory, told what
 * the primary reports.  Neither is complete: WAL may come from a time between
 * the two.
 */
extern ServerNeeds server_needs(const char *data, const char *controldata,
								const PrimarySettings *told);

#endif /* RESTORE_SERVER_NEEDS_H */
