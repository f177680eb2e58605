/*
 * state.h
 *
 * A restore under way, and its steps in their order.  Each step returns false
 * if the job was cancelled, or with the reason in error.
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

extern Restore restore_begin(Job *job, const json_t *arguments);

/* What is known of the backup that the route has chosen */
extern bool restore_find_backup(Restore *restore);

/*
 * hold.c: keep the backup from being removed until it is let go; and is
 * it still there?
 */
extern bool restore_hold(Restore *restore);
extern void restore_let_go(Restore *restore);
extern json_t *restore_chain(Restore *restore);
extern bool restore_backup_is_there(Restore *restore);

/* A copied backup that still waits for WAL: it cannot be restored before. */
extern bool restore_complete_backup(Restore *restore);

extern bool restore_bring_wal(Restore *restore);
extern bool restore_timeline_is_reached(Restore *restore);
extern bool restore_target_is_archived(Restore *restore);
/* Do the backup's files hold nothing that leads out of it? */
extern bool restore_source_is_sound(Restore *restore);

/* The timeline that is followed from the backup */
extern int	restore_timeline(const Restore *restore);

extern bool restore_copy(Restore *restore);
extern bool restore_prepare(Restore *restore);
extern bool restore_recover(Restore *restore, Recovery *recovery);

/* Of the server that was backed up; one that PostgreSQL can have, whatever is told */
extern int64_t restore_segment_size(const json_t *backup);

/* The segment of a timeline that holds a position */
extern void restore_segment_name(const json_t *backup, int timeline, uint64_t lsn, char name[25]);

/* NULL, or malloc'd words on why what is told of it cannot be */
extern char *restore_segment_size_is_bad(const json_t *backup);

/* malloc'd: why Barman cannot restore its tablespaces elsewhere; or NULL */
extern char *restore_tablespaces_are_bad(const json_t *backup);

/* Remember why; returns false, for the caller to pass on. */
extern bool restore_fail(Restore *restore, const char *code, const char *detail, const char *hint,
						 const char *format,...) __attribute__((format(printf, 5, 6)));
extern bool restore_fail_with(Restore *restore, const json_t *error);

#endif							/* RESTORE_STATE_H */
