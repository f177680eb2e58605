/*
 * disk_needs.h
 *
 * How many bytes a restore needs while it runs.
 */
#ifndef RESTORE_DISK_NEEDS_H
#define RESTORE_DISK_NEEDS_H

#include <stdint.h>

#include <jansson.h>

#include "restore/instance_config.h"

typedef struct RestoreNeeds
{
	int64_t backup;	   /* its size when restored */
	int64_t unpacking; /* compressed files, beside it for a time */
	int64_t wal;	   /* WAL to replay */
	int64_t work;	   /* what PostgreSQL writes in addition */
} RestoreNeeds;

/* From what is known of the backup, for a target that has been checked */
extern RestoreNeeds restore_needs(const json_t *backup, const RecoveryTarget *target,
								  const char *server);

/* At most INT64_MAX, whatever is recorded of the backup */
extern int64_t restore_needs_sum(const RestoreNeeds *needs);

/* The sum of two sizes in bytes; negative ones count as 0, the limit is INT64_MAX. */
extern int64_t restore_add_bytes(int64_t one, int64_t other);

#endif /* RESTORE_DISK_NEEDS_H */
