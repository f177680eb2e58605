/*
 * settings.h
 *
 * The settings of the sidecar, readable from everywhere.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/http_limits.h"
#include "base/log.h"

#define SIDECAR_VERSION "1.0"

#define SETTINGS_MAX_HOST_NAMES 16

/* Also in effect without a command line, as in unit tests */
#define DEFAULT_MAX_JOBS			 32
#define DEFAULT_MAX_JOBS_OF_KIND	 8
#define DEFAULT_MAX_BACKUPS_PER_HOUR 12

typedef struct Settings
{
	char *listen; /* ADDRESS:PORT or unix:/path */
	char *tls_cert;
	char *tls_key;
	bool insecure_http;						   /* serve other hosts without TLS */
	char *host_names[SETTINGS_MAX_HOST_NAMES]; /* accepted in Host */
	int host_name_count;
	HttpLimits http;
	char *state_dir;
	char *barman; /* an absolute path */
	char *barman_config;
	int cron_interval; /* seconds; 0: off */
	int read_timeout;  /* seconds */
	int max_reads;
	char *metrics_listen; /* ADDRESS:PORT that has /metrics alone, without a token; or NULL */
	int metrics_interval; /* seconds; 0: nothing of Barman is read for them */
	int history_interval; /* seconds; 0: no sizes are kept */
	bool no_page;		  /* nothing at / */
	int max_jobs;
	int max_jobs_of_kind;	  /* for one server */
	int max_backups_per_hour; /* of one server; 0: any number */
	LogLevel log_level;

	/* Restored servers */
	char *instance_root; /* NULL: restoring is off */
	int instance_port_low;
	int instance_port_high;
	char *instance_listen;
	char *instance_host; /* host name that callers use */
	char *pg_bindir;	 /* NULL: PostgreSQL's server was not found */
	int max_instances;
	int max_instances_per_server; /* 0: half, or all if Barman has one server */
	int restore_timeout;		  /* seconds without progress */
	char *instance_preload;		  /* comma-separated libraries; NULL: none */
	bool drill_network;			  /* drills may open connections */
	bool instance_network;		  /* other restored servers may */
	int reserve_percent;		  /* restores leave so much of the disk free, */
	int64_t reserve_bytes;		  /* but at most this; 0 percent: exactly this */
	bool confinement_required;	  /* without Landlock, restore nothing */
	int max_assertions;			  /* of a drill */
	int max_assertion_bytes;	  /* of all assertions together */
	bool allow_delete;
	bool check_config; /* --check-config: check and exit */
} Settings;

extern Settings settings;

#endif /* BASE_SETTINGS_H */
