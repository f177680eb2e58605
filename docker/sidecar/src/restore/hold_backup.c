/*
 * hold_backup.c
 *
 * Protects the backup of a restore until it is copied, and reports if it is
 * gone.
 */
#include "restore/hold_backup.h"

#include "barman/backup_chain.h"
#include "barman/backup_hold.h"
#include "barman/read_cache.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "restore/failure_cause.h"

/* Barman's maintenance takes a second or two, unless it deletes much. */
#define HOLD_MS 60000
#define LOOK_MS 50

/* From now on, the retention policy at least cannot remove the backup. */
bool
restore_hold(Restore *restore)
{
	Job *job = restore->job;
	int64_t deadline = monotonic_ms() + HOLD_MS;
	json_t *chain = restore_chain(restore);
	json_t *ids = json_checked(json_array());
	json_t *one;
	size_t i;
	bool busy = chain != NULL;

	json_array_foreach (chain, i, one)
		json_array_append(ids, json_object_get(one, "backup_id"));
	json_decref(chain);

	while (restore->hold == NULL && busy && monotonic_ms() < deadline)
	{
		restore->hold = backup_hold(job_server(job), ids, &busy);
		if (busy && !job_sleep(job, LOOK_MS))
			break;
	}
	json_decref(ids);
	if (job_cancelled(job) || restore->error != NULL)
		return false;
	if (restore->hold == NULL)
		job_log(job, JOB_WARNING, "Barman's retention policy is not held off meanwhile: %s",
				busy ? "it is at work"
					 : "it is not known where Barman's lock files are, or they cannot be locked");
	return restore_backup_is_there(restore);
}

/* The backups that the copy is made from; NULL, and the cause recorded, unless all are known */
json_t *
restore_chain(Restore *restore)
{
	const char *server = job_server(restore->job);
	ReadTarget backups = {READ_BACKUPS, server, ""};
	char *unknown;
	json_t *chain = backup_chain(server, restore->backup, &unknown);

	/* after a restart the list of backups may not be known yet */
	if (chain == NULL && json_text_of(restore->backup, "parent_id") != NULL)
	{
		free(unknown);
		answer_release(reads_wait(&backups, READ_AGE_DEFAULT));
		chain = backup_chain(server, restore->backup, &unknown);
	}
	if (chain == NULL)
		restore_fail(restore, "unavailable", unknown,
					 "Try again; if it stays so, look at what \"barman diagnose\" says.",
					 "it is not known what backup %s is made of",
					 json_text_of(restore->backup, "backup_id"));
	free(unknown);
	return chain;
}

void
restore_let_go(Restore *restore)
{
	backup_let_go(restore->hold);
	restore->hold = NULL;
}

/* Barman may copy a backup without an error although it is being removed. */
bool
restore_backup_is_there(Restore *restore)
{
	const char *id = restore->request->backup_id;

	if (id == NULL || backup_is_there(job_server(restore->job), id))
		return true;
	restore_fail(restore, BARMAN_WRONG_STATE,
				 "Barman's retention policy has taken it, or somebody has deleted it.",
				 "Restore another backup: poc_backups() lists them. SELECT * FROM poc_keep_backup('...') keeps one from the retention policy.",
				 "backup %s is gone: it was removed before it was restored", id);
	return false;
}
