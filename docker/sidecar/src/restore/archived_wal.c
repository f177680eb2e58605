/*
 * archived_wal.c
 *
 * Checks whether the WAL that a restore needs is archived, and archives what was
 * received.  Closes no segment: the caller does, if it is the server that was backed up.
 */
#include "restore/archived_wal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/lsn.h"
#include "barman/read_cache.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "jobs/switch_wal.h"
#include "restore/failure_cause.h"
#include "restore/hold_backup.h"
#include "restore/received_wal.h"
#include "restore/segment_name.h"
#include "restore/timeline_path.h"

/* How long to wait before asking the caller for more WAL */
#define WAL_QUIET_MS 2000

#define LOOK_MS 100

/* Limit of timelines to look up in the archive: a primary may archive any history. */
#define TIMELINES_MAX	 1000
#define ARCHIVE_EVERY_MS 5000

static bool wait_for_segment(Restore *restore);
static void bring_received(Restore *restore);
static bool wal_is_needed(Restore *restore);
static bool is_of_timeline(const char *wal_file, int timeline);
static int compare_with_archive(Restore *restore, int timeline);

/*
 * Barman restores only archived segments, and the newest is never archived.
 * The caller has closed it before the call, so wait for that one.  If it does
 * not arrive, recovery finds out whether it was needed.
 */
bool
restore_bring_wal(Restore *restore)
{
	Job *job = restore->job;
	bool held = restore->hold != NULL;

	if (!wal_is_needed(restore))
	{
		bring_received(restore);
		return true;
	}
	job_phase(job, "archiving");
	(void) reads_learn_directories(job_server(job));
	/* the lock that holds a backup is the one of Barman's maintenance */
	if (held && wal_comes_by_cron(job_server(job)))
		restore_let_go(restore);
	if (!wait_for_segment(restore))
		return false;
	if (held && restore->hold == NULL && !restore_hold(restore))
		return false;
	reads_invalidate(job_server(job));
	restore_look_at_tail(restore);
	if (!restore->wal_arrived)
		job_log(job, JOB_WARNING,
				"segment %s was not archived within %d seconds: restoring from what is archived",
				restore->request->wal_file, WAL_MS / 1000);
	return true;
}

/* False if the job was cancelled */
static bool
wait_for_segment(Restore *restore)
{
	Job *job = restore->job;
	const char *wal_file = restore->request->wal_file;
	int64_t began = monotonic_ms();
	int64_t archived_at = INT64_MIN / 2;
	uint64_t seen = 0;

	while (!(restore->wal_arrived = catalogue_has_wal(job_server(job), wal_file)) &&
		   monotonic_ms() < began + WAL_MS)
	{
		uint64_t signature = catalogue_wal_signature(job_server(job));
		int64_t now = monotonic_ms();

		if (signature != seen || now - archived_at >= ARCHIVE_EVERY_MS)
		{
			seen = signature;
			archived_at = now;
			if (!archive_wal(job))
				return false;
			continue;
		}
		if (now >= began + WAL_QUIET_MS)
			job_needs_wal(job, true);
		if (!job_sleep(job, LOOK_MS))
			return false;
	}
	job_needs_wal(job, false);
	return true;
}

/*
 * The caller has closed no segment: the primary may be lost.  Archives the
 * segments that were received whole, and looks how far the rest reaches.
 */
static void
bring_received(Restore *restore)
{
	Job *job = restore->job;

	(void) reads_learn_directories(job_server(job));
	if ((!restore->target.immediate || restore->request->timeline_is_new) &&
		catalogue_waits(job_server(job)))
	{
		job_phase(job, "archiving");
		archive_wal(job);
		reads_invalidate(job_server(job));
	}
	restore_look_at_tail(restore);
}

static bool
wal_is_needed(Restore *restore)
{
	const char *wal_file = restore->request->wal_file;
	const char *caller = restore->request->system_identifier;
	const char *backed_up = json_text_of(restore->backup, "system_id");

	if (wal_file == NULL || restore->target.immediate)
		return false;
	if (caller != NULL && backed_up != NULL && strcmp(caller, backed_up) != 0)
	{
		job_log(restore->job, JOB_INFO,
				"the caller is not server \"%s\": restoring from what is archived",
				job_server(restore->job));
		return false;
	}
	/* a timeline that production has left gets no more WAL */
	if (restore->target.timeline != 0 && !is_of_timeline(wal_file, restore->target.timeline))
		return false;

	/* the record after the target may be in the next segment */
	return restore->target.lsn == NULL ||
		   compare_with_archive(restore, restore_timeline(restore)) <= 0;
}

static bool
is_of_timeline(const char *wal_file, int timeline)
{
	char prefix[9];

	snprintf(prefix, sizeof(prefix), "%08X", (unsigned int) timeline);
	return strncmp(wal_file, prefix, 8) == 0;
}

/*
 * Checks a timeline that had just begun when the restore was requested: Barman
 * knows whether the backup leads to it only once its history is archived.
 */
bool
restore_timeline_is_reached(Restore *restore)
{
	ReadTarget target = {READ_BACKUP, job_server(restore->job),
						 json_text_of(restore->backup, "backup_id")};
	Answer *answer;
	bool reached;

	if (!restore->request->timeline_is_new)
		return true;
	answer = reads_wait(&target, READ_AGE_DEFAULT);
	reached = restore_leads_to(json_object_get(answer->value, "backup"), restore->target.timeline);
	answer_release(answer);
	return reached ||
		   restore_fail(restore, BARMAN_WRONG_STATE,
						"Its history is not in the archive, or the backup ended after it had begun.",
						"Choose an older backup, or take a new one. SELECT * FROM poc_check() WHERE NOT ok tells whether Barman receives WAL.",
						"backup %s does not lead to timeline %d", target.argument,
						restore->target.timeline);
}

/* Checks in advance that there is WAL for a target position. */
bool
restore_target_is_archived(Restore *restore)
{
	int timeline = restore_timeline(restore);
	char *last;
	char *detail;
	char received[LSN_SIZE];
	uint64_t lsn;
	bool archived = restore->target.lsn == NULL;

	/* where nobody knows them, all counts as archived; a refresh cannot go back later */
	if (!archived)
		(void) reads_learn_directories(job_server(restore->job));
	/* an earlier timeline may have the position: later ones continue it */
	for (int one = timeline; one > 0 && one > timeline - TIMELINES_MAX && !archived; one--)
		archived = compare_with_archive(restore, one) >= 0;
	archived = archived || (lsn_parse(restore->target.lsn, &lsn) && restore_tail_has(restore, lsn));
	if (archived || restore_follow_heir(restore))
		return true;
	if (job_cancelled(restore->job))
		return false;
	last = catalogue_newest_wal(job_server(restore->job), timeline);
	detail = last != NULL
				 ? mem_printf("The newest segment in the archive is %s: positions up to %s can be had.",
							  last, lsn_text(restore->received_end, received))
				 : mem_printf("Of timeline %d no segment is in the archive.", timeline);
	restore_fail(restore, BARMAN_WRONG_STATE, detail,
				 "Choose an earlier position; or let SELECT * FROM poc_switch_wal() have what was written last archived. poc_check() tells whether Barman receives WAL.",
				 "position %s lies beyond what is archived", restore->target.lsn);
	free(detail);
	free(last);
	return false;
}

/*
 * Compares the newest archived segment of a timeline with that of the target
 * position: below 0, 0 or above 0; above 0 also if nothing is known.
 */
static int
compare_with_archive(Restore *restore, int timeline)
{
	char *wal = catalogue_newest_wal(job_server(restore->job), timeline);
	uint64_t lsn;
	char segment[25];
	int result = -1;

	if (!catalogue_known(job_server(restore->job)) || !lsn_parse(restore->target.lsn, &lsn))
		result = 1;
	else if (wal != NULL)
	{
		restore_segment_name(restore->backup, timeline, lsn, segment);
		result = strcmp(wal + 8, segment + 8);
	}
	free(wal);
	return result;
}
