/*
 * instance_config.c
 *
 * Writes the configuration of a restored server.  It keeps the server apart
 * from production: no archiving, no streaming, no subscription workers, no
 * library that the sidecar was not told to preload, and its own port and
 * socket.  Never copies a line that the primary could have written.
 */
#include "restore/instance_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/files.h"
#include "base/memory.h"
#include "restore/data_directory.h"
#include "restore/instance_files.h"

static void append(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append_setting(char **text, const char *name, const char *value);

/*
 * Only local sessions are trusted: only the user that the server runs as can
 * enter the socket's directory.
 */
static const char hba[] = "# Written by barman-sidecar: production's own is not used.\n"
						  "local  all  all                 trust\n"
						  "host   all  all  0.0.0.0/0      scram-sha-256\n"
						  "host   all  all  ::/0           scram-sha-256\n";

int
instance_config_write(const ServerConfig *config, const ServerNeeds *needs,
					  const RecoveryTarget *target)
{
	struct
	{
		const char *name;
		char *text;
	} files[] = {
		{INSTANCE_HBA, mem_strdup(hba)},
		{INSTANCE_IDENT, mem_strdup("")},
		{INSTANCE_CONFIG, instance_config_main(config, needs)},

		/* for a server that is started by hand with only -D */
		{INSTANCE_DATA "/postgresql.conf",
		 mem_printf("# Written by barman-sidecar: production's own is in ../" INSTANCE_PRODUCTION ".\n"
					"include '%s/" INSTANCE_CONFIG "'\n",
					config->directory)},
		{INSTANCE_DATA "/postgresql.auto.conf", instance_config_recovery(target)},
		{INSTANCE_DATA "/recovery.signal", mem_strdup("")},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
	{
		char *path = mem_printf("%s/%s", config->directory, files[i].name);

		if (error == 0)
			error = files_write(path, files[i].text);
		free(path);
		free(files[i].text);
	}
	return error;
}

char *
instance_config_main(const ServerConfig *config, const ServerNeeds *needs)
{
	char *text = mem_strdup("");
	char *path;

	append(&text, "# Written by barman-sidecar: production's own is not used.\n\n");

	append_setting(&text, "cluster_name", config->name);
	append_setting(&text, "listen_addresses", config->listen);
	append(&text, "port = %d\n", config->port);
	path = mem_printf("%s/" INSTANCE_SOCKET, config->directory);
	append_setting(&text, "unix_socket_directories", instance_socket_fits(config) ? path : "");
	free(path);
	path = mem_printf("%s/" INSTANCE_HBA, config->directory);
	append_setting(&text, "hba_file", path);
	free(path);
	path = mem_printf("%s/" INSTANCE_IDENT, config->directory);
	append_setting(&text, "ident_file", path);
	free(path);
	path = mem_printf("%s/" INSTANCE_DATA, config->directory);
	append_setting(&text, "data_directory", path);
	free(path);
	append_setting(&text, "external_pid_file", "");

	append(&text, "\n# apart from production\n"
				  "archive_mode = off\n"
				  "archive_command = ''\n"
				  "primary_conninfo = ''\n"
				  "primary_slot_name = ''\n"
				  "max_wal_senders = 0\n"
				  "max_logical_replication_workers = 0\n");
	append_setting(&text, "shared_preload_libraries", config->preload != NULL ? config->preload : "");
	append(&text, "session_preload_libraries = ''\n"
				  "local_preload_libraries = ''\n");

	/*
	 * Accept no connection before recovery has ended, so that the first
	 * session sees its result.
	 */
	append(&text,
		   "\n# recovery, of what may have been set otherwise where the WAL was written\n"
		   "hot_standby = off\n"
		   "wal_level = replica\n"
		   "max_connections = %lld\n"
		   "max_worker_processes = %lld\n"
		   "max_prepared_transactions = %lld\n"
		   "max_locks_per_transaction = %lld\n"
		   "max_pred_locks_per_transaction = %lld\n"
		   "max_replication_slots = %lld\n"
		   "track_commit_timestamp = %s\n",
		   (long long) needs->connections, (long long) needs->worker_processes,
		   (long long) needs->prepared_transactions, (long long) needs->locks_per_transaction,
		   (long long) needs->predicate_locks_per_transaction, (long long) needs->origins,
		   needs->commit_timestamps ? "on" : "off");
	if (needs->knows_origins)
		append(&text, "max_active_replication_origins = %lld\n", (long long) needs->origins);
	append(&text, "min_wal_size = '%lldMB'\nmax_wal_size = '%lldMB'\n",
		   (long long) needs->min_wal_size, (long long) needs->max_wal_size);

	/* One process replays: prefetch the pages that it needs, and keep them cached. */
	append(&text,
		   "recovery_prefetch = try\n"
		   "wal_decode_buffer_size = '4MB'\n"
		   "maintenance_io_concurrency = 64\n"
		   "huge_pages = try\n"
		   "shared_buffers = '%lldMB'\n",
		   (long long) needs->shared_buffers);

	/*
	 * The sidecar reads the log, which must grow while there is progress.
	 * Shared memory for parallel queries is in the data directory: a container
	 * has little elsewhere, and a killed server leaves none behind.
	 */
	append(&text, "\n# log and memory\n"
				  "log_destination = 'stderr'\n"
				  "logging_collector = off\n"
				  "log_line_prefix = '%%m [%%p] '\n"
				  "log_timezone = 'UTC'\n"
				  "timezone = 'UTC'\n"
				  "lc_messages = 'C'\n"
				  "log_startup_progress_interval = '1s'\n"
				  "dynamic_shared_memory_type = mmap\n");
	if (config->scratch)
		append(&text, "\n# thrown away soon, and nothing of it runs by itself\n"
					  "fsync = off\n"
					  "synchronous_commit = off\n"
					  "full_page_writes = off\n"
					  "checkpoint_timeout = '1d'\n"
					  "max_wal_size = '100GB'\n"
					  "autovacuum = off\n");
	return text;
}

char *
instance_config_recovery(const RecoveryTarget *target)
{
	char *text = mem_strdup("");

	append(&text, "# Written by barman-sidecar; ALTER SYSTEM may write it again.\n");

	/*
	 * The WAL is in pg_wal (instance_mend()), where PostgreSQL looks if the
	 * command fails.  PostgreSQL insists on a command.
	 */
	append_setting(&text, "restore_command", "false");
	if (target->timeline > 0)
		append(&text, "recovery_target_timeline = '%d'\n", target->timeline);
	else
		append_setting(&text, "recovery_target_timeline", "latest");
	append_setting(&text, "recovery_target_action", "promote");
	if (target->immediate)
		append_setting(&text, "recovery_target", "immediate");
	if (target->name != NULL)
		append_setting(&text, "recovery_target_name", target->name);
	if (target->time != NULL)
	{
		/* PostgreSQL does not know "Z" yet when it reads this setting */
		char *time = mem_printf("%.10s %.*s+00", target->time,
								(int) strcspn(target->time + 11, "Z"), target->time + 11);

		append_setting(&text, "recovery_target_time", time);
		free(time);
	}
	if (target->lsn != NULL)
		append_setting(&text, "recovery_target_lsn", target->lsn);
	if (target->lsn != NULL && target->exclusive)
		append(&text, "recovery_target_inclusive = off\n");
	if (target->xid != NULL)
		append_setting(&text, "recovery_target_xid", target->xid);
	return text;
}

bool
instance_socket_fits(const ServerConfig *config)
{
	struct sockaddr_un address;
	size_t length = strlen(config->directory) + strlen("/" INSTANCE_SOCKET "/.s.PGSQL.65535");

	return length < sizeof(address.sun_path);
}

static void
append_setting(char **text, const char *name, const char *value)
{
	append(text, "%s = '", name);
	for (; *value != '\0'; value++)
		append(text, *value == '\'' ? "''" : *value == '\\' ? "\\\\" : "%c", *value);
	append(text, "'\n");
}

static void
append(char **text, const char *format, ...)
{
	va_list args;
	char *more;
	size_t length = strlen(*text);
	size_t extra;

	va_start(args, format);
	more = mem_vprintf(format, args);
	va_end(args);
	extra = strlen(more);
	*text = mem_realloc(*text, length + extra + 1);
	memcpy(*text + length, more, extra + 1);
	free(more);
}
