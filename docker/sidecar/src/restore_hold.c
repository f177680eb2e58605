/*
 * restore_hold.c
 *
 * Sees to it that the backup of a restore is there until it is copied, and
 * says so if it is not.
 */
#include "restore.h"

#include "backup_hold.h"
#include "backup_memory.h"
#include "memory.h"
#include "timestamp.h"

/* Barman's maintenance takes a second or two, unless it removes much. */
#define HOLD_MS 60000
#define LOOK_MS 50

/* Nobody stacks so many incremental backups. */
#define CHAIN_MAX 1000

static json_t *chain_of(Restore *restore);

/* The backup is not removed from now on, by the retention policy at least. */
bool
restore_hold(Restore *restore)
{
	Job		   *job = restore->job;
	int64_t		deadline = monotonic_ms() + HOLD_MS;
	json_t	   *ids = chain_of(restore);
	bool		busy = true;

	while (restore->hold == NULL && busy && monotonic_ms() < deadline)
	{
		restore->hold = backup_hold(job_server(job), ids, &busy);
		if (busy && !job_sleep(job, LOOK_MS))
			break;
	}
	json_decref(ids);
	if (job_cancelled(job))
		return false;
	if (restore->hold == NULL)
		job_log(job, JOB_INFO, "Barman's retention policy is not held off meanwhile: %s",
				busy ? "it is at work" : "it is not known where Barman's lock files are");
	return restore_backup_is_there(restore);
}

/* What the copy is made from */
static json_t *
chain_of(Restore *restore)
{
	json_t	   *ids = json_checked(json_array());
	json_t	   *backup = json_incref(restore->backup);

	for (int i = 0; backup != NULL && i < CHAIN_MAX; i++)
	{
		const char *parent = json_text_of(backup, "parent_id");
		json_t	   *next;

		json_array_append(ids, json_object_get(backup, "backup_id"));
		next = parent != NULL ? backup_memory_find(job_server(restore->job), parent) : NULL;
		json_decref(backup);
		backup = next;
	}
	json_decref(backup);
	return ids;
}

void
restore_let_go(Restore *restore)
{
	backup_let_go(restore->hold);
	restore->hold = NULL;
}

/* A backup that is removed meanwhile may well be copied without an error. */
bool
restore_backup_is_there(Restore *restore)
{
	const char *id = json_text_of(restore->arguments, "backup_id");

	if (id == NULL || backup_is_there(job_server(restore->job), id))
		return true;
	restore_fail(restore, BARMAN_WRONG_STATE,
				 "Barman's retention policy has taken it, or somebody has deleted it.",
				 "Restore another backup: poc_backups() lists them. SELECT * FROM poc_keep_backup('...') keeps one from the retention policy.",
				 "backup %s is gone: it was removed before it was restored", id);
	return false;
}
