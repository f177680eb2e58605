/*
 * timeline_path.c
 *
 * Finds the timeline to follow to a position, and the segments on that path.
 * Reads histories that Barman has archived or copied; writes nothing.
 */
#include "restore/timeline_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/lsn.h"
#include "barman/timeline.h"
#include "base/memory.h"
#include "restore/received_wal.h"
#include "restore/running_restore.h"
#include "restore/segment_name.h"

/* The limit of failovers after a position that are considered */
#define HEIRS_MAX 100

/* A history has a few lines. */
#define GET_HISTORY_DEADLINE_MS 60000

static bool shares(Restore *restore, int heir, int timeline, uint64_t position);

bool
restore_follow_heir(Restore *restore)
{
	const char *server = job_server(restore->job);
	int timeline = restore_timeline(restore);
	int newest = catalogue_newest_history(server);
	uint64_t position;
	char name[25];

	if (restore->target.lsn == NULL || !lsn_parse(restore->target.lsn, &position) ||
		timeline >= newest)
		return false;
	if (newest - timeline > HEIRS_MAX)
		newest = timeline + HEIRS_MAX;
	for (int heir = timeline + 1; heir <= newest && !job_cancelled(restore->job); heir++)
	{
		restore_segment_name(restore->backup, heir, position, name);
		if (!catalogue_has_wal(server, name) || !shares(restore, heir, timeline, position))
			continue;
		job_log(restore->job, JOB_INFO,
				"of timeline %d the segment with position %s is not archived: following timeline %d, which went on from there and is the same up to it",
				timeline, restore->target.lsn, heir);
		restore->target.timeline = heir;
		restore_look_at_tail(restore);
		return true;
	}
	return false;
}

/*
 * Whether heir descends from timeline, which ended at or after the position.
 * Barman returns the history as PostgreSQL has written it, however it is
 * archived.
 */
static bool
shares(Restore *restore, int heir, int timeline, uint64_t position)
{
	char *name = mem_printf("%08X.history", (unsigned int) heir);
	const char *command[] = {"get-wal", job_server(restore->job), name, NULL};
	size_t count = 0;
	TimelinePart *parts = NULL;
	bool found = false;
	RunResult result;

	if (job_run(restore->job, command, GET_HISTORY_DEADLINE_MS, NULL, NULL, &result) &&
		result.outcome == RUN_EXITED && result.exit_code == 0)
		parts = timeline_parse(result.out, &count);
	for (size_t i = 0; i < count; i++)
		found = found || (parts[i].timeline == timeline && position <= parts[i].end);
	free(parts);
	runner_free(&result);
	free(name);
	return found;
}

/*
 * PostgreSQL reads a segment of the newest timeline on the path that had begun
 * by then (XLogFileReadAnyTLI).
 */
bool
restore_segment_is_on_way(const TimelinePart *parts, size_t count, int target, int64_t size,
						  const char *name)
{
	unsigned int timeline;
	unsigned int high;
	unsigned int low;
	uint64_t begin;
	uint64_t end;

	if (sscanf(name, "%8X%8X%8X", &timeline, &high, &low) != 3)
		return false;
	/* without a history, nothing is known of earlier timelines */
	if (count == 0)
		return (int) timeline == target || (target > 1 && (int) timeline < target);
	begin = ((uint64_t) high << 32) + (uint64_t) low * (uint64_t) size;
	end = begin + (uint64_t) size;
	if ((int) timeline == target)
		return end > parts[count - 1].end;
	for (size_t i = 0; i < count; i++)
	{
		if (parts[i].timeline == (int) timeline)
			return begin <= parts[i].end && (i == 0 || end > parts[i - 1].end);
	}
	return false;
}

/* Barman lists the timelines that left the backup's after its end. */
bool
restore_leads_to(const json_t *backup, int timeline)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(backup, "timelines"), i, one)
	{
		if (atoi(json_string_value(one)) == timeline)
			return true;
	}
	return false;
}
