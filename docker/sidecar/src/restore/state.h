/*
 * state.h
 *
 * A restore under way.  Each of its steps (backup_to_instance.c has them in
 * their order) returns false if the job was cancelled, or with the reason in
 * error.
 */
#ifndef RESTORE_STATE_H
#define RESTORE_STATE_H

#include "base/directory.h"
#include "jobs/job.h"
#include "restore/cage.h"
#include "restore/instance.h"

/* WAL that the caller has closed arrives within a second or two, or not at all. */
#define WAL_MS 60000

typedef struct Restore
{
	Job		   *job;
	const json_t *arguments;
	Instance   *instance;
	const char *directory;
	RecoveryTarget target;
	json_t	   *backup;			/* the wide object */
	json_t	   *error;			/* why not, once something failed */
	int64_t		restore_ms;
	int64_t		recovery_ms;
	CageHold	held;			/* of the server, once it runs */
	char	   *isolation;		/* the same in words, malloc'd */

	struct BackupHold *hold;	/* on the backup, until it is copied */

	/* What there is of WAL, in positions; 0: not known */
	uint64_t	archived_end;
	uint64_t	received_end;
	bool		received_unknown;	/* what lies behind is compressed */
	int64_t		received_at;	/* microseconds; 0: not known */
	bool		wal_arrived;	/* what the caller has closed is archived */
	json_t	   *tail;			/* segments that were not archived, and taken along */

	/* Of a drill */
	bool		is_drill;
	json_t	   *drill;			/* the result so far */
	int64_t		step_began;

	/* While Barman copies */
	FilesSize	size;
	int64_t		expected;		/* bytes, or 0 */
	int64_t		measured_at;
	int64_t		progress_at;
	bool		stalled;
} Restore;

/* The timeline that is followed from the backup */
extern int	restore_timeline(const Restore *restore);

#endif							/* RESTORE_STATE_H */
