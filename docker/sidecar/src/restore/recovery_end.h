/*
 * recovery_end.h
 *
 * How far a recovery came that has ended.
 */
#ifndef RESTORE_RECOVERY_END_H
#define RESTORE_RECOVERY_END_H

typedef struct Recovery
{
	int			timeline;		/* 0: unknown */
	int			parent;			/* the timeline that was recovered; 0: unknown */
	char	   *lsn;			/* malloc'd, or NULL */
	char	   *time;			/* RFC 3339, malloc'd, or NULL */
} Recovery;

/*
 * Fill a zeroed *recovery from what the server of this instance's directory
 * left.  end_time is that of the backup, or NULL: without a transaction since,
 * the data is of then.
 */
extern void recovery_read(const char *directory, const char *end_time, Recovery *recovery);

#endif							/* RESTORE_RECOVERY_END_H */
