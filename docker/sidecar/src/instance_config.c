/*
 * instance_config.c
 *
 * Writes the configuration of a restored server.  It must keep the server
 * apart from production: no archiving, no streaming, no subscription's worker,
 * no preloaded library, a port and a socket of its own.
 */
#include "instance_config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "instance_files.h"
#include "memory.h"

static void append(char **text, const char *format,...)
			__attribute__((format(printf, 2, 3)));
static void append_setting(char **text, const char *name, const char *value);
static bool is_how_to_recover(const char *line);

/*
 * Only local sessions are trusted: the socket's directory lets nobody in but
 * the user the server runs as.
 */
static const char hba[] =
	"# Written by barman-sidecar: production's own is not used.\n"
	"local  all  all                 trust\n"
	"host   all  all  0.0.0.0/0      scram-sha-256\n"
	"host   all  all  ::/0           scram-sha-256\n";

int
instance_config_write(const ServerConfig *config, const char *controldata,
					  const RecoveryTarget *target)
{
	struct
	{
		const char *name;
		char	   *text;
	}			files[] = {
		{INSTANCE_HBA, mem_strdup(hba)},
		{INSTANCE_IDENT, mem_strdup("")},
		{INSTANCE_CONFIG, instance_config_main(config, controldata)},
		{INSTANCE_DATA "/postgresql.auto.conf", NULL},
		{INSTANCE_DATA "/recovery.signal", mem_strdup("")}
	};
	char	   *path = mem_printf("%s/%s", config->directory, files[3].name);
	char	   *barmans = instance_files_read(path);
	int			error = 0;

	free(path);
	files[3].text = instance_config_recovery(barmans != NULL ? barmans : "", target);
	free(barmans);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
	{
		path = mem_printf("%s/%s", config->directory, files[i].name);
		if (error == 0)
			error = instance_files_write(path, files[i].text);
		free(path);
		free(files[i].text);
	}
	return error;
}

char *
instance_config_main(const ServerConfig *config, const char *controldata)
{
	char	   *text = mem_strdup("");
	char	   *path;

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

	append(&text, "\n# apart from production\n"
		   "archive_mode = off\n"
		   "archive_command = ''\n"
		   "primary_conninfo = ''\n"
		   "primary_slot_name = ''\n"
		   "max_wal_senders = 0\n"
		   "max_logical_replication_workers = 0\n"
		   "shared_preload_libraries = ''\n"
		   "session_preload_libraries = ''\n"
		   "local_preload_libraries = ''\n");

	/*
	 * Nobody is let in before recovery has ended, so that the first session
	 * sees the end of it; and then settings need not be production's, but for
	 * what holds its prepared transactions.
	 */
	append(&text, "\n# recovery\n"
		   "hot_standby = off\n"
		   "max_prepared_transactions = %lld\n"
		   "max_locks_per_transaction = %lld\n",
		   (long long) controldata_number(controldata, "max_prepared_xacts setting", 0),
		   (long long) controldata_number(controldata, "max_locks_per_xact setting", 64));

	/*
	 * The log is read by us; it must grow while there is progress.  Shared
	 * memory for parallel queries lies in the data directory: in a container
	 * there is little elsewhere, and a killed server leaves nothing.
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
instance_config_recovery(const char *barmans, const RecoveryTarget *target)
{
	char	   *text = mem_strdup("");
	bool		fetches = false;

	append(&text, "# Written by barman-sidecar; ALTER SYSTEM may write it again.\n");
	for (const char *line = barmans; *line != '\0';)
	{
		int			length = (int) strcspn(line, "\n");

		if (is_how_to_recover(line))
		{
			append(&text, "%.*s\n", length, line);
			fetches = fetches || strncmp(line, "restore_command", 15) == 0;
		}
		line += length;
		if (*line == '\n')
			line++;
	}

	/*
	 * Without a restore_command Barman has put the WAL into pg_wal, from where
	 * it is taken when there is nothing to fetch.
	 */
	if (!fetches)
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
		/* when PostgreSQL reads this it does not know "Z" yet */
		char	   *time = mem_printf("%.10s %.*s+00", target->time,
									  (int) strcspn(target->time + 11, "Z"), target->time + 11);

		append_setting(&text, "recovery_target_time", time);
		free(time);
	}
	if (target->lsn != NULL)
		append_setting(&text, "recovery_target_lsn", target->lsn);
	if (target->xid != NULL)
		append_setting(&text, "recovery_target_xid", target->xid);
	return text;
}

int64_t
controldata_number(const char *controldata, const char *key, int64_t def)
{
	size_t		length = strlen(key);

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

bool
instance_socket_fits(const ServerConfig *config)
{
	struct sockaddr_un address;
	size_t		length = strlen(config->directory) + strlen("/" INSTANCE_SOCKET "/.s.PGSQL.65535");

	return length < sizeof(address.sun_path);
}

/* Of Barman's lines: the last of each name wins, and Barman appends. */
static bool
is_how_to_recover(const char *line)
{
	static const char *const names[] = {"restore_command", "recovery_end_command"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		size_t		length = strlen(names[i]);

		if (strncmp(line, names[i], length) == 0 &&
			(line[length] == ' ' || line[length] == '='))
			return true;
	}
	return false;
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
append(char **text, const char *format,...)
{
	va_list		args;
	char	   *more;
	size_t		length = strlen(*text);
	size_t		extra;

	va_start(args, format);
	more = mem_vprintf(format, args);
	va_end(args);
	extra = strlen(more);
	*text = mem_realloc(*text, length + extra + 1);
	memcpy(*text + length, more, extra + 1);
	free(more);
}
