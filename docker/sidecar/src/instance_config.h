/*
 * instance_config.h
 *
 * The configuration that a restored server runs with: ours, not production's.
 */
#ifndef INSTANCE_CONFIG_H
#define INSTANCE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

/* How far to recover; at most one is set, none means all the WAL there is. */
typedef struct RecoveryTarget
{
	const char *name;
	const char *time;			/* RFC 3339 in UTC: "2026-11-22T06:10:22.423819Z" */
	const char *lsn;
	const char *xid;
	bool		immediate;
	int			timeline;		/* to follow; 0: the newest there is */
} RecoveryTarget;

typedef struct ServerConfig
{
	const char *name;
	const char *directory;		/* of the instance */
	const char *listen;
	int			port;
	bool		scratch;		/* thrown away soon: nothing need be durable */
} ServerConfig;

/*
 * malloc'd text of postgresql.conf.  controldata is what pg_controldata says
 * of the restored directory: PostgreSQL needs some settings as large as
 * production's.
 */
extern char *instance_config_main(const ServerConfig *config, const char *controldata);

/*
 * malloc'd text of postgresql.auto.conf: of Barman's, how the WAL is fetched;
 * of ours, the target.  ALTER SYSTEM's settings of production are dropped.
 */
extern char *instance_config_recovery(const char *barmans, const RecoveryTarget *target);

/* Write all configuration below the directory.  Returns errno. */
extern int	instance_config_write(const ServerConfig *config, const char *controldata,
								  const RecoveryTarget *target);

/* An unsigned number in pg_controldata's output; def if it is not there. */
extern int64_t controldata_number(const char *controldata, const char *key, int64_t def);

/* Does the path of the server's socket fit into what the kernel allows? */
extern bool instance_socket_fits(const ServerConfig *config);

#endif							/* INSTANCE_CONFIG_H */
