/*
 * server_needs.c
 *
 * The settings that a server needs to recover the WAL of another.  Generous,
 * because recovery stops at a setting that is too small; but the numbers come
 * from the primary, so they must never use up the memory of Barman's host.
 */
#include "restore/server_needs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"

/* Minimums: they cost a few MB of shared memory, and few primaries need more. */
#define CONNECTIONS						100
#define WORKER_PROCESSES				8
#define PREPARED_TRANSACTIONS			200
#define LOCKS_PER_TRANSACTION			256
#define PREDICATE_LOCKS_PER_TRANSACTION 256
#define ORIGINS							4096

/* Children of the postmaster that no setting here counts */
#define OTHER_PROCESSES 20

/* PostgreSQL keeps each lock and its holders in shared memory. */
#define BYTES_PER_LOCK 300

/* Divisor of the memory, for all locks and for the buffers */
#define MEMORY_SHARE 8

#define MB			(INT64_C(1024) * 1024)
#define BUFFERS_MIN 128
#define BUFFERS_MAX 1024

/* pg_logical/replorigin_checkpoint: four bytes before and after, and these for each */
#define ORIGIN_BYTES 16

/* PostgreSQL's defaults; a server with less than two segments does not start. */
#define MIN_WAL_SIZE 80
#define MAX_WAL_SIZE 1024

/* PostgreSQL 18, by the version of its control file */
#define CONTROL_VERSION_ORIGINS 1800

static int64_t greatest(int64_t floor, int64_t controldata, int64_t told);
static int64_t controldata_number(const char *controldata, const char *key, int64_t def);
static bool controldata_is_on(const char *controldata, const char *key);
static int64_t origins_in(const char *data);
static int64_t memory_bytes(void);
static int64_t memory_limit(const char *path);

ServerNeeds
server_needs(const char *data, const char *controldata, const PrimarySettings *told)
{
	int64_t memory = memory_bytes();
	int64_t most_locks = memory / MEMORY_SHARE / BYTES_PER_LOCK;
	int64_t two_segments = 2 * controldata_number(controldata, "Bytes per WAL segment", 0) / MB;
	int64_t ours;
	int64_t theirs;
	int64_t locks;
	ServerNeeds needs = {
		.connections = greatest(CONNECTIONS,
								controldata_number(controldata, "max_connections setting", 0),
								told->max_connections),
		.worker_processes = greatest(WORKER_PROCESSES,
									 controldata_number(controldata, "max_worker_processes setting", 0),
									 told->max_worker_processes),
		.prepared_transactions = greatest(PREPARED_TRANSACTIONS,
										  controldata_number(controldata,
															 "max_prepared_xacts setting", 0),
										  told->max_prepared_transactions),
		.predicate_locks_per_transaction = greatest(PREDICATE_LOCKS_PER_TRANSACTION, 0,
													told->max_pred_locks_per_transaction),
		.commit_timestamps = controldata_is_on(controldata, "track_commit_timestamp setting"),
		.knows_origins = controldata_number(controldata, "pg_control version number", 0) >=
						 CONTROL_VERSION_ORIGINS,
		.shared_buffers = memory / MEMORY_SHARE / MB,
		.min_wal_size = greatest(MIN_WAL_SIZE, two_segments, 0),
		.max_wal_size = greatest(MAX_WAL_SIZE, two_segments, 0),
	};

	needs.origins = greatest(ORIGINS, 2 * origins_in(data), told->max_replication_slots);
	needs.origins = greatest(needs.origins, 0, told->max_active_replication_origins);
	if (needs.shared_buffers > BUFFERS_MAX)
		needs.shared_buffers = BUFFERS_MAX;
	if (needs.shared_buffers < BUFFERS_MIN)
		needs.shared_buffers = BUFFERS_MIN;

	/*
	 * The locks of all transactions are in one table, whose size is this setting
	 * times the number of possible transactions.  That number differs here.
	 */
	locks = greatest(LOCKS_PER_TRANSACTION,
					 controldata_number(controldata, "max_locks_per_xact setting", 0),
					 told->max_locks_per_transaction);
	theirs = needs.connections + needs.worker_processes + needs.prepared_transactions +
			 OTHER_PROCESSES +
			 greatest(0, controldata_number(controldata, "max_wal_senders setting", 0),
					  told->max_wal_senders);
	ours = needs.connections + needs.worker_processes + needs.prepared_transactions;
	locks = (locks * theirs + ours - 1) / ours;
	if (locks * ours > most_locks)
		locks = most_locks / ours;
	needs.locks_per_transaction = locks > 64 ? locks : 64;
	if (needs.predicate_locks_per_transaction * ours > most_locks)
		needs.predicate_locks_per_transaction = most_locks / ours > 64 ? most_locks / ours : 64;
	return needs;
}

/* An unsigned number in pg_controldata's output; def if it is not there. */
static int64_t
controldata_number(const char *controldata, const char *key, int64_t def)
{
	size_t length = strlen(key);

	for (const char *line = controldata; line != NULL; line = strchr(line, '\n'))
	{
		line += strspn(line, "\n");
		if (strncmp(line, key, length) == 0 && line[length] == ':')
		{
			const char *value = line + length + 1 + strspn(line + length + 1, " ");

			return isdigit((unsigned char) *value) ? strtoll(value, NULL, 10) : def;
		}
	}
	return def;
}

/* PostgreSQL itself refuses a value that is too large, with a message. */
static int64_t
greatest(int64_t floor, int64_t controldata, int64_t told)
{
	int64_t number = told > controldata ? told : controldata;

	if (number > INT32_MAX)
		number = INT32_MAX;
	return number > floor ? number : floor;
}

static bool
controldata_is_on(const char *controldata, const char *key)
{
	const char *found = strstr(controldata, key);

	found = found != NULL ? strchr(found, ':') : NULL;
	return found != NULL && strncmp(found + 1 + strspn(found + 1, " "), "on", 2) == 0;
}

/* A server panics if it has fewer places than its checkpoint has origins. */
static int64_t
origins_in(const char *data)
{
	char *path = mem_printf("%s/pg_logical/replorigin_checkpoint", data);
	struct stat status;
	int64_t count = stat(path, &status) == 0 ? (int64_t) status.st_size / ORIGIN_BYTES : 0;

	free(path);
	return count < UINT16_MAX ? count : UINT16_MAX;
}

/* The memory that this process may use */
static int64_t
memory_bytes(void)
{
	int64_t bytes = (int64_t) sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	char *own = mem_printf("/proc/%d/cgroup", (int) getpid()); /* "self" is a link */
	char *groups = files_read(own);
	char *group = groups != NULL ? strstr(groups, "0::/") : NULL;
	int64_t limit = memory_limit("/sys/fs/cgroup/memory.max");

	if (limit < bytes)
		bytes = limit;
	if (group != NULL)
	{
		char *path = mem_printf("/sys/fs/cgroup%.*s/memory.max", (int) strcspn(group + 3, "\n"),
								group + 3);

		limit = memory_limit(path);
		if (limit < bytes)
			bytes = limit;
		free(path);
	}
	free(groups);
	free(own);
	limit = memory_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes");
	return limit < bytes ? limit : bytes;
}

static int64_t
memory_limit(const char *path)
{
	char *text = files_read(path);
	int64_t limit = text != NULL && isdigit((unsigned char) *text) ? strtoll(text, NULL, 10)
																   : INT64_MAX;

	free(text);
	return limit > 0 ? limit : INT64_MAX;
}
