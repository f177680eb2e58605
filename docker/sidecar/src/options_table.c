/*
 * options_table.c
 *
 * The options, with their bounds, defaults and help.  A new option is a row here
 * and a field of the settings.
 */
#include "options_table.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/settings.h"
#include "base/token.h"

#define LEAST_JOBS			  3
#define MOST_JOBS			  256
#define MOST_INSTANCES		  1000
#define MOST_RESERVE_PERCENT  99
#define DEFAULT_RESERVE_BYTES (INT64_C(10) * 1024 * 1024 * 1024)
#define DEFAULT_RESERVE		  5

char *options_program;
bool options_help;
bool options_version;

static char *parse_nothing(char *text);
static char *parse_host_name(char *text);
static char *parse_metrics_listen(char *text);
static char *parse_log_level(char *text);
static char *parse_ports(char *text);
static char *parse_preload(char *text);
static char *parse_reserve(char *text);
static bool read_reserve(const char *text);
static bool are_plain_names(const char *list);
static char *add_token_file(char *text);

const Option options_table[] = {
	{.kind = OPTION_HEADING, .name = "Options"},
	{OPTION_PARSED, "config", "FILE",
	 "options as lines \"key = value\", without the dashes before the key; an option given here wins",
	 .parse = parse_nothing},
	{OPTION_TEXT, "listen", "ADDRESS:PORT", "where to listen, or unix:/path; port 0 takes a free one",
	 .text = &settings.listen, .text_standard = "127.0.0.1:8480"},
	{OPTION_PARSED, "token-file", "[SCOPE[:SERVER,...]=]FILE",
	 "bearer token that callers must show; may be given more than once.  SCOPE is read, operate (default) or destroy (release and delete backups); with SERVERs it is good for these alone.  Mode 0600; read again when it changes; needed to listen beyond loopback",
	 .parse = add_token_file},
	{OPTION_TEXT, "tls-cert", "FILE", "certificate (PEM), and", .text = &settings.tls_cert},
	{OPTION_TEXT, "tls-key", "FILE", "key (PEM), to serve HTTPS", .text = &settings.tls_key},
	{OPTION_SWITCH, "insecure-http", NULL,
	 "listen beyond loopback without TLS: whoever reads that network learns the token",
	 .flag = &settings.insecure_http},
	{OPTION_PARSED, "host-name", "NAME",
	 "a name that callers use for this sidecar, beside its addresses, its machine's name and localhost; may be repeated; others are refused (DNS rebinding)",
	 .parse = parse_host_name},
	{OPTION_TEXT, "state-dir", "DIR", "where jobs are recorded (made if missing)",
	 .text = &settings.state_dir},
	{OPTION_TEXT, "barman", "PROGRAM", "barman, by name or path", .text = &options_program,
	 .text_standard = "barman"},
	{OPTION_TEXT, "barman-config", "FILE", "passed to barman as -c", .text = &settings.barman_config},
	{OPTION_NUMBER, "cron-interval", "SECONDS", "how often to run \"barman cron\"; 0 never",
	 .number = &settings.cron_interval, .low = 0, .high = 86400, .standard = 60},
	/* Less than the client's 60 s, so that the client gets our error, not its own timeout */
	{OPTION_NUMBER, "read-timeout", "SECONDS", "longest run of a reading command",
	 .number = &settings.read_timeout, .low = 1, .high = 3600, .standard = 45},
	{OPTION_NUMBER, "max-reads", "N", "reading commands at a time", .number = &settings.max_reads,
	 .low = 1, .high = 64, .standard = 4},
	{OPTION_NUMBER, "max-jobs", "N",
	 "jobs at a time; one place is kept for backups, one for callers on this host",
	 .number = &settings.max_jobs, .low = LEAST_JOBS, .high = MOST_JOBS, .standard = DEFAULT_MAX_JOBS},
	{OPTION_NUMBER, "max-jobs-of-kind", "N", "of one kind for one server",
	 .number = &settings.max_jobs_of_kind, .low = 1, .high = MOST_JOBS,
	 .standard = DEFAULT_MAX_JOBS_OF_KIND},
	{OPTION_NUMBER, "max-backups-per-hour", "N",
	 "backups of a server within an hour, so that a retention by number holds; 0 any number",
	 .number = &settings.max_backups_per_hour, .low = 0, .high = 100000,
	 .standard = DEFAULT_MAX_BACKUPS_PER_HOUR},
	{OPTION_PARSED, "metrics-listen", "ADDRESS:PORT",
	 "one more place to listen, which has /metrics alone and asks for no token",
	 .parse = parse_metrics_listen},
	/* As long as the cache keeps a list of backups that nobody changes */
	{OPTION_NUMBER, "metrics-interval", "SECONDS",
	 "how often to read from Barman what /metrics shows, while it is asked for; 0 never",
	 .number = &settings.metrics_interval, .low = 0, .high = 86400, .standard = 60},
	{OPTION_NUMBER, "history-interval", "SECONDS",
	 "how often to keep the sizes of backups and WAL, from which it is forecast when a disk is full; 0 never",
	 .number = &settings.history_interval, .low = 0, .high = 86400, .standard = 900},
	{OPTION_SWITCH, "no-page", NULL, "nothing at /, where browsers get a page otherwise",
	 .flag = &settings.no_page},
	{OPTION_PARSED, "log-level", "LEVEL", "debug, info, warning or error", .parse = parse_log_level,
	 .text_standard = "info"},
	{OPTION_SWITCH, "allow-delete", NULL, "let who has a destroy token delete backups",
	 .flag = &settings.allow_delete},
	{.kind = OPTION_HEADING, .name = "Restoring, off without --instance-root"},
	{OPTION_TEXT, "instance-root", "DIR", "where backups are restored to (made if missing)",
	 .text = &settings.instance_root},
	{OPTION_PARSED, "instance-ports", "A-B", "ports of the restored servers", .parse = parse_ports,
	 .text_standard = "15500-15599"},
	{OPTION_TEXT, "instance-listen", "ADDRESS", "where they listen",
	 .text = &settings.instance_listen, .text_standard = "127.0.0.1"},
	{OPTION_TEXT, "instance-host", "NAME",
	 "how callers reach that address, if not by itself; socket: they are Barman's user on this host, and use the socket, which asks for no password",
	 .text = &settings.instance_host},
	{OPTION_TEXT, "pg-bindir", "DIR", "PostgreSQL's programs (default where postgres is)",
	 .text = &settings.pg_bindir},
	{OPTION_NUMBER, "max-instances", "N", "restored servers at a time",
	 .number = &settings.max_instances, .low = 1, .high = MOST_INSTANCES, .standard = 8},
	/* 0: of one server half of them, all if Barman has one server */
	{OPTION_NUMBER, "max-instances-per-server", "N",
	 "of one server's backups (default half of them, all if Barman has one server)",
	 .number = &settings.max_instances_per_server, .low = 1, .high = MOST_INSTANCES},
	{OPTION_NUMBER, "restore-timeout", "SECONDS", "longest time without progress",
	 .number = &settings.restore_timeout, .low = 1, .high = 86400, .standard = 600},
	{OPTION_PARSED, "instance-preload", "LIBRARY[,...]",
	 "what their WAL needs, of the libraries installed here", .parse = parse_preload},
	{OPTION_CHOICE, "drill-network", "none|host", "whether the server of a drill may make connections",
	 .flag = &settings.drill_network, .words = {"none", "host"}, .text_standard = "none"},
	{OPTION_CHOICE, "instance-network", "none|host", "the same for other restored servers",
	 .flag = &settings.instance_network, .words = {"none", "host"}, .text_standard = "none"},
	{OPTION_CHOICE, "confinement", "required|best-effort",
	 "whether to restore nothing where the kernel cannot keep a restored server in its directory",
	 .flag = &settings.confinement_required, .words = {"best-effort", "required"},
	 .text_standard = "required"},
	/* The cap: on a large disk, 5 % is more than Barman's archive needs to go on. */
	{OPTION_PARSED, "reserve-free", "SIZE|N%",
	 "what restores leave free of the disk for Barman, as in 20GB (default 5%, at most 10 GB)",
	 .parse = parse_reserve},
	/* Each assertion is a session of its own, and the receipt holds their texts. */
	{OPTION_NUMBER, "max-assertions", "N", "assertions of a drill",
	 .number = &settings.max_assertions, .low = 0, .high = 10000, .standard = 100},
	{OPTION_NUMBER, "max-assertion-bytes", "N", "bytes of all of them",
	 .number = &settings.max_assertion_bytes, .low = 0, .high = 1048576, .standard = 65536},
	{.kind = OPTION_HEADING, .name = "What its clients may take up"},
	{OPTION_NUMBER, "max-connections", "N", "connections in all",
	 .number = &settings.http.connections, .low = 16, .high = 10000, .standard = 512},
	{OPTION_NUMBER, "max-connections-per-address", "N", "connections of one client",
	 .number = &settings.http.connections_per_address, .low = 1, .high = 10000, .standard = 384},
	{OPTION_NUMBER, "reserved-connections", "N", "of all, kept for this machine",
	 .number = &settings.http.reserved_connections, .low = 0, .high = 1000, .standard = 8},
	{OPTION_NUMBER, "header-timeout", "N", "seconds from connecting to the last header",
	 .number = &settings.http.header_seconds, .low = 1, .high = 600, .standard = 8},
	{OPTION_NUMBER, "body-timeout", "N", "seconds from there to the end of the body",
	 .number = &settings.http.body_seconds, .low = 1, .high = 3600, .standard = 30},
	{OPTION_NUMBER, "answer-timeout", "N", "seconds that a client may take over an answer",
	 .number = &settings.http.answer_seconds, .low = 1, .high = 3600, .standard = 60},
	{OPTION_NUMBER, "idle-timeout", "N", "seconds between two requests of a connection",
	 .number = &settings.http.idle_seconds, .low = 1, .high = 3600, .standard = 30},
	{OPTION_NUMBER, "max-body-memory", "N", "megabytes of all bodies together",
	 .number = &settings.http.body_megabytes, .low = 1, .high = 4096, .standard = 64},
	{OPTION_NUMBER, "max-waits", "N", "requests at a time that wait for a job",
	 .number = &settings.http.waits, .low = 1, .high = 10000, .standard = 256},
	{OPTION_NUMBER, "max-waits-per-address", "N", "of these, of one client",
	 .number = &settings.http.waits_per_address, .low = 1, .high = 10000, .standard = 192},
	{.kind = OPTION_HEADING, .name = "Others"},
	{OPTION_SWITCH, "check-config", NULL, "look whether it could start like this, then exit",
	 .flag = &settings.check_config},
	{OPTION_SWITCH, "help", NULL, "show this help, then exit", .flag = &options_help, .letter = 'h'},
	{OPTION_SWITCH, "version", NULL, "show the version, then exit", .flag = &options_version,
	 .letter = 'V'},
	{.kind = OPTION_HEADING, .name = NULL},
};

/* options_file.c has read it */
static char *
parse_nothing(char *text)
{
	(void) text;
	return NULL;
}

static char *
add_token_file(char *text)
{
	if (text != NULL)
		return token_add_file(text);
	token_forget_files();
	return NULL;
}

static char *
parse_host_name(char *text)
{
	if (text == NULL)
		settings.host_name_count = 0;
	else if (settings.host_name_count == SETTINGS_MAX_HOST_NAMES)
		return mem_printf("there are more than %d --host-name", SETTINGS_MAX_HOST_NAMES);
	else
		settings.host_names[settings.host_name_count++] = text;
	return NULL;
}

static char *
parse_metrics_listen(char *text)
{
	if (text != NULL && strncmp(text, "unix:", 5) == 0)
		return mem_printf("--metrics-listen is \"%s\": it must be an address and a port", text);
	settings.metrics_listen = text;
	return NULL;
}

static char *
parse_log_level(char *text)
{
	if (log_level_parse(text, &settings.log_level))
		return NULL;
	return mem_printf("--log-level is \"%s\": it must be debug, info, warning or error", text);
}

static char *
parse_ports(char *text)
{
	int low;
	int high;
	int used = 0;

	if (sscanf(text, "%5d-%5d%n", &low, &high, &used) != 2 || text[used] != '\0' || low < 1024 ||
		high > 65535 || low > high)
		return mem_printf("--instance-ports is \"%s\": it must be two ports, as in 15500-15599",
						  text);
	settings.instance_port_low = low;
	settings.instance_port_high = high;
	return NULL;
}

static char *
parse_preload(char *text)
{
	if (text != NULL && !are_plain_names(text))
		return mem_printf("--instance-preload is \"%s\": it must be names of libraries, with commas and no paths",
						  text);
	settings.instance_preload = text;
	return NULL;
}

static char *
parse_reserve(char *text)
{
	if (text == NULL)
	{
		settings.reserve_percent = DEFAULT_RESERVE;
		settings.reserve_bytes = DEFAULT_RESERVE_BYTES;
		return NULL;
	}
	if (read_reserve(text))
		return NULL;
	return mem_printf("--reserve-free is \"%s\": it must be a size, as in 10GB, or a share of the disk, as in 5%%",
					  text);
}

/* "5%", or "10GB" */
static bool
read_reserve(const char *text)
{
	static const struct
	{
		const char *unit;
		int shift;
	} units[] = {{"", 0}, {"B", 0}, {"kB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}};
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || end == text || number < 0)
		return false;
	if (strcmp(end, "%") == 0 && number <= MOST_RESERVE_PERCENT)
	{
		settings.reserve_percent = (int) number;
		settings.reserve_bytes = number > 0 ? INT64_MAX : 0;
		return true;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		if (strcmp(end, units[i].unit) == 0 && number <= INT64_MAX >> units[i].shift)
		{
			settings.reserve_percent = 0;
			settings.reserve_bytes = (int64_t) number << units[i].shift;
			return true;
		}
	}
	return false;
}

/* Names of libraries only: a path could point into restored files. */
static bool
are_plain_names(const char *list)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	for (;; list++)
	{
		size_t length = strspn(list, allowed);

		list += length;
		if (length == 0 || (*list != ',' && *list != '\0'))
			return false;
		if (*list == '\0')
			return true;
	}
}
