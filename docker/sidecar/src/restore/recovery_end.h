/*
 * recovery_end.h
 *
 * How far a finished recovery got.
 */
#ifndef RESTORE_RECOVERY_END_H
#define RESTORE_RECOVERY_END_H

typedef struct Recovery
{
	int timeline; /* 0: unknown */
	int parent;	  /* the timeline that was recovered; 0: unknown */
	char *lsn;	  /* malloc'd, or NULL */
	char *time;	  /* RFC 3339, malloc'd, or NULL */
} Recovery;

/*
 * Fills a zeroed *recovery from the files that the server left in this
 * instance's directory.  end_time is that of the backup, or NULL: the data is
 * of that time if no transaction was replayed.
 */
extern void recovery_read(const char *directory, const char *end_time, Recovery *recovery);

#endif /* RESTORE_RECOVERY_END_H */
