/*
 * disk_needs.h
 *
 * How many bytes a restore needs while it runs.
 */
#ifndef RESTORE_DISK_NEEDS_H
#define RESTORE_DISK_NEEDS_H

#include <stdint.h>

#include <jansson.h>

typedef struct RestoreNeeds
{
	int64_t		backup;			/* as it will lie there */
	int64_t		unpacking;		/* a compressed one, beside it meanwhile */
	int64_t		wal;			/* to replay */
	int64_t		work;			/* what PostgreSQL writes besides */
} RestoreNeeds;

/* Of what is known of the backup, for the target in checked arguments */
extern RestoreNeeds restore_needs(const json_t *backup, const json_t *arguments, const char *server);

/* At most INT64_MAX, whatever is said of the backup */
extern int64_t restore_needs_sum(const RestoreNeeds *needs);

/* The sum of two numbers of bytes; none is negative, and INT64_MAX is the end. */
extern int64_t restore_add_bytes(int64_t one, int64_t other);

#endif							/* RESTORE_DISK_NEEDS_H */
