/*
 * backups_before.c
 *
 * Asks for Barman's list of backups, and where it is silent for its record of
 * each.
 */
#include "rescue/backups_before.h"

#include <stdlib.h>
#include <string.h>

#include "barman/backup_info.h"
#include "barman/lsn.h"
#include "barman/read_cache.h"
#include "base/memory.h"

typedef struct BackupEnd
{
	char *id;
	uint64_t lsn;
} BackupEnd;

struct BackupsBefore
{
	BackupEnd *ends;
	size_t count;
};

static bool end_of(const char *server, const json_t *backup, uint64_t *lsn, int *timeline);
static bool is_on_way(const WalPath *path, uint64_t lsn, int timeline);

BackupsBefore *
backups_before_new(Job *job, const WalPath *path)
{
	BackupsBefore *backups = mem_alloc(sizeof(BackupsBefore));
	ReadTarget target = {READ_BACKUPS, job_server(job), ""};
	Answer *answer = reads_wait(&target, READ_AGE_DEFAULT);
	const json_t *list = answer->status == 200 ? json_object_get(answer->value, "backups") : NULL;
	const json_t *one;
	size_t i;

	if (list == NULL)
		job_log(job, JOB_WARNING,
				"which backups lead to the changes is not known: Barman does not list them now");
	backups->ends = mem_alloc((json_array_size(list) + 1) * sizeof(BackupEnd));
	json_array_foreach (list, i, one)
	{
		const char *id = json_text_of(one, "backup_id");
		const char *status = json_text_of(one, "status");
		uint64_t lsn;
		int timeline;

		if (id == NULL || status == NULL || strcmp(status, "DONE") != 0 ||
			!end_of(job_server(job), one, &lsn, &timeline) || !is_on_way(path, lsn, timeline))
			continue;
		backups->ends[backups->count++] = (BackupEnd){.id = mem_strdup(id), .lsn = lsn};
	}
	answer_release(answer);
	return backups;
}

void
backups_before_free(BackupsBefore *backups)
{
	for (size_t i = 0; i < backups->count; i++)
		free(backups->ends[i].id);
	free(backups->ends);
	free(backups);
}

const char *
backups_before_find(const BackupsBefore *backups, uint64_t lsn)
{
	const BackupEnd *best = NULL;

	for (size_t i = 0; i < backups->count; i++)
	{
		const BackupEnd *end = &backups->ends[i];

		if (end->lsn <= lsn && (best == NULL || end->lsn > best->lsn))
			best = end;
	}
	return best != NULL ? best->id : NULL;
}

static bool
end_of(const char *server, const json_t *backup, uint64_t *lsn, int *timeline)
{
	json_t *record = NULL;
	const json_t *facts = backup;
	const char *end = json_text_of(facts, "end_lsn");
	bool is_known;

	if (end == NULL)
	{
		record = backup_info_find(server, json_text_of(backup, "backup_id"));
		facts = record;
		end = json_text_of(facts, "end_lsn");
	}
	is_known = end != NULL && lsn_parse(end, lsn);
	*timeline = (int) json_integer_value(json_object_get(facts, "timeline"));
	json_decref(record);
	return is_known;
}

/* Does WAL lead from the end of the backup to the newest timeline? */
static bool
is_on_way(const WalPath *path, uint64_t lsn, int timeline)
{
	if (timeline == 0 || timeline == path->timeline)
		return true;
	for (size_t i = 0; i < path->part_count; i++)
	{
		if (path->parts[i].timeline == timeline)
			return lsn <= path->parts[i].end;
	}
	return false;
}
