/*
 * running_restore.h
 *
 * A running restore.  Each of its steps (backup_to_instance.c has them in
 * order) returns false if the job was cancelled, or if it failed; then error
 * has the reason.
 */
#ifndef RESTORE_RUNNING_RESTORE_H
#define RESTORE_RUNNING_RESTORE_H

#include "base/directory.h"
#include "jobs/job.h"
#include "restore/cage.h"
#include "restore/instance.h"
#include "restore/recovery_request.h"

/* A segment that the caller has closed arrives within a second or two, or not at all. */
#define WAL_MS 60000

typedef struct Restore
{
	Job *job;
	const RestoreRequest *request;
	Instance *instance;
	const char *directory;
	bool is_former;		   /* the instance is what it was before its refresh */
	bool is_delta;		   /* what differs is copied over what it had */
	RecoveryTarget target; /* of the request, and the timeline that has it */
	json_t *backup;		   /* the wide object */
	json_t *error;		   /* the cause, once something failed */
	int64_t restore_ms;
	int64_t recovery_ms;
	CageHold held;	 /* for the server, once it runs */
	char *isolation; /* the same as text, malloc'd */

	struct BackupHold *hold; /* on the backup, until it is copied */

	/* The ends of the WAL, as positions; 0: not known */
	uint64_t archived_end;
	uint64_t received_end;
	bool received_unknown; /* the last file is compressed */
	int64_t received_at;   /* microseconds; 0: not known */
	bool wal_arrived;	   /* the segment that the caller closed is archived */
	json_t *tail;		   /* segments restored although they are not archived */

	/* For a drill */
	bool is_drill;
	bool is_kept;  /* the server outlives the drill */
	json_t *drill; /* the result so far */
	int64_t step_began;

	/* While Barman copies */
	FilesSize size;
	int64_t expected; /* bytes, or 0 */
	uint64_t work;	  /* of Barman when it was last progress, as job_run_work() */
	int64_t measured_at;
	int64_t progress_at;
	bool stalled;
} Restore;

/* The timeline that is followed from the backup */
extern int restore_timeline(const Restore *restore);

#endif /* RESTORE_RUNNING_RESTORE_H */
