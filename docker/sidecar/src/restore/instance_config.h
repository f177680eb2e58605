/*
 * instance_config.h
 *
 * The configuration that a restored server runs with: ours, not production's.
 */
#ifndef RESTORE_INSTANCE_CONFIG_H
#define RESTORE_INSTANCE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "restore/server_needs.h"

/* How far to recover; at most one is set, none means all the WAL there is. */
typedef struct RecoveryTarget
{
	const char *name;
	const char *time;			/* RFC 3339 in UTC: "2026-11-22T06:10:22.423819Z" */
	const char *lsn;
	const char *xid;
	bool		immediate;
	bool		exclusive;		/* stop before the record at lsn: that is where a mark is */
	int			timeline;		/* to follow; 0: the newest there is */
} RecoveryTarget;

typedef struct ServerConfig
{
	const char *name;
	const char *directory;		/* of the instance */
	const char *listen;
	const char *preload;		/* libraries, with commas; NULL: none */
	int			port;
	bool		scratch;		/* thrown away soon: nothing need be durable */
} ServerConfig;

/* malloc'd text of postgresql.conf */
extern char *instance_config_main(const ServerConfig *config, const ServerNeeds *needs);

/* malloc'd text of postgresql.auto.conf: the target, and that the WAL is there */
extern char *instance_config_recovery(const RecoveryTarget *target);

/*
 * Write all configuration below the directory.  Of the backup's nothing is
 * read: instance_mend() has put it aside.  Returns errno.
 */
extern int	instance_config_write(const ServerConfig *config, const ServerNeeds *needs,
								  const RecoveryTarget *target);

/* Does the path of the server's socket fit into what the kernel allows? */
extern bool instance_socket_fits(const ServerConfig *config);

#endif							/* RESTORE_INSTANCE_CONFIG_H */
