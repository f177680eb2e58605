/*
 * instance_config.h
 *
 * The configuration of a restored server: the sidecar's, not production's.
 */
#ifndef RESTORE_INSTANCE_CONFIG_H
#define RESTORE_INSTANCE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "restore/server_needs.h"

/* Where recovery stops; at most one is set, none means at the end of the WAL. */
typedef struct RecoveryTarget
{
	char *name;
	char *time; /* RFC 3339 in UTC: "2026-11-22T06:10:22.423819Z" */
	char *lsn;
	char *xid;
	bool immediate;
	bool exclusive; /* stop before the record at lsn: a mark, or as asked for */
	int timeline;	/* to follow; 0: the newest */
} RecoveryTarget;

typedef struct ServerConfig
{
	const char *name;
	const char *directory; /* of the instance */
	const char *listen;
	const char *preload; /* libraries, with commas; NULL: none */
	int port;
	bool scratch; /* deleted soon: nothing needs to be durable */
} ServerConfig;

/* malloc'd text of postgresql.conf */
extern char *instance_config_main(const ServerConfig *config, const ServerNeeds *needs);

/* malloc'd text of postgresql.auto.conf: recovery target and restore_command */
extern char *instance_config_recovery(const RecoveryTarget *target);

/*
 * Writes all configuration below the directory.  Reads nothing of the
 * backup's: instance_mend() has moved it away.  Returns errno.
 */
extern int instance_config_write(const ServerConfig *config, const ServerNeeds *needs,
								 const RecoveryTarget *target);

/* Whether the path of the server's socket is short enough for the kernel */
extern bool instance_socket_fits(const ServerConfig *config);

#endif /* RESTORE_INSTANCE_CONFIG_H */
