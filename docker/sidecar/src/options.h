/*
 * options.h
 *
 * What the command line says.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/http_limits.h"
#include "base/log.h"

#define SIDECAR_VERSION "1.0"

#define OPTIONS_MAX_HOST_NAMES 16

typedef struct Options
{
	char	   *listen;			/* ADDRESS:PORT or unix:/path */
	char	   *tls_cert;
	char	   *tls_key;
	bool		insecure_http;	/* beyond this machine without TLS */
	char	   *host_names[OPTIONS_MAX_HOST_NAMES]; /* that callers may use for us */
	int			host_name_count;
	HttpLimits	http;
	char	   *state_dir;
	char	   *barman;			/* absolute path after options_parse() */
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
} Options;

typedef enum OptionsVerdict
{
	OPTIONS_RUN,
	OPTIONS_DONE,				/* --help or --version was answered */
	OPTIONS_WRONG				/* said why on standard error */
} OptionsVerdict;

extern Options options;

extern OptionsVerdict options_parse(int argc, char **argv);

/* Does this --listen stay on this machine? */
extern bool options_listen_is_local(const char *listen);

#endif							/* OPTIONS_H */
