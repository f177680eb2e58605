/*
 * settings.h
 *
 * What the sidecar was told when it was started, for all of it to read.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/http_limits.h"
#include "base/log.h"

#define SIDECAR_VERSION "1.0"

#define SETTINGS_MAX_HOST_NAMES 16

/* Hold where no command line was read, too: in tests of single rooms */
#define DEFAULT_MAX_JOBS 32
#define DEFAULT_MAX_JOBS_OF_KIND 8
#define DEFAULT_MAX_BACKUPS_PER_HOUR 12

typedef struct Settings
{
	char	   *listen;			/* ADDRESS:PORT or unix:/path */
	char	   *tls_cert;
	char	   *tls_key;
	bool		insecure_http;	/* beyond this machine without TLS */
	char	   *host_names[SETTINGS_MAX_HOST_NAMES]; /* that callers may use for us */
	int			host_name_count;
	HttpLimits	http;
	char	   *state_dir;
	char	   *barman;			/* an absolute path */
	char	   *barman_config;
	int			cron_interval;	/* seconds; 0: off */
	int			read_timeout;	/* seconds */
	int			max_reads;
	int			max_jobs;
	int			max_jobs_of_kind;	/* for one server */
	int			max_backups_per_hour;	/* of one server; 0: any number */
	LogLevel	log_level;

	/* Restored servers */
	char	   *instance_root;	/* NULL: restoring is off */
	int			instance_port_low;
	int			instance_port_high;
	char	   *instance_listen;
	char	   *instance_host;	/* how callers reach it */
	char	   *pg_bindir;		/* NULL: no PostgreSQL server found */
	int			max_instances;
	int			max_instances_per_server;	/* 0: half, or all of the only server's */
	int			restore_timeout;	/* seconds without progress */
	char	   *instance_preload;	/* libraries, with commas; NULL: none */
	bool		drill_network;	/* drills may reach others */
	bool		instance_network;	/* so may restored servers */
	int			reserve_percent;	/* of the disk, and at most */
	int64_t		reserve_bytes;	/* so much, stay free of restores; 0 percent: just so much */
	bool		confinement_required;	/* without Landlock nothing is restored */
	int			max_assertions;	/* of a drill */
	int			max_assertion_bytes;	/* of all of them */
	bool		allow_delete;
	bool		check_config;	/* look whether it could run, and end */
} Settings;

extern Settings settings;

#endif							/* BASE_SETTINGS_H */
