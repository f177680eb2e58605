/*
 * refresh.c
 *
 * Restores into an instance that is there.  Barman 3.16 copies over it what
 * differs, if the backup is a plain one; otherwise all that was there is
 * removed first.  Never trusts Barman that nothing of it stays.
 */
#include "restore/refresh.h"

#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/read_commands.h"
#include "base/memory.h"
#include "restore/failure_cause.h"
#include "restore/former_data.h"
#include "restore/instance_files.h"

static bool has_room(Restore *restore);
static bool fail_as(Restore *restore, Answer *refusal);
static char *why_whole(const Restore *restore);
static char *why_not_delta(const json_t *backup);

bool
restore_make_place(Restore *restore)
{
	Job *job = restore->job;
	Answer *refusal;
	char *whole;
	int error;

	if (!restore->is_former)
		return true;
	if (job_cancelled(job) || !has_room(restore))
		return false;
	job_phase(job, "removing");
	restore->is_former = false;
	if (!instance_refreshes(restore->instance, &refusal))
	{
		restore->is_former = refusal != NULL;
		if (refusal != NULL)
			return fail_as(restore, refusal);
		return restore_fail(restore, BARMAN_INTERNAL, restore->directory,
							"See the sidecar's log for the cause.",
							"the server of instance \"%s\" could not be ended",
							restore->request->instance);
	}
	whole = why_whole(restore);
	restore->is_delta = whole == NULL;
	if (whole == NULL)
	{
		job_log(job, JOB_INFO, "what differs from the backup is copied over what the instance has");
		error = instance_files_complete(restore->directory);
	}
	else
	{
		job_log(job, JOB_INFO, "the instance is emptied, and the backup copied whole: %s", whole);
		/* what is removed is room that others must not take */
		instance_has_written(restore->instance, 0);
		error = instance_files_make_anew(restore->directory);
	}
	free(whole);
	if (error != 0)
		restore_fail(restore, BARMAN_INTERNAL, strerror(error),
					 "See the sidecar's log for the cause.",
					 "what instance \"%s\" had could not be removed", restore->request->instance);
	return error == 0;
}

/* The server may have written more, or less, since its recovery. */
static bool
has_room(Restore *restore)
{
	RestoreNeeds needs = restore_needs(restore->backup, &restore->target, job_server(restore->job));
	Answer *refusal = instance_refresh_room(restore->instance, &needs);

	return refusal == NULL || fail_as(restore, refusal);
}

/* Takes the refusal; returns false. */
static bool
fail_as(Restore *restore, Answer *refusal)
{
	restore_fail_with(restore, json_object_get(refusal->value, "error"));
	answer_release(refusal);
	return false;
}

/* Why all must be copied, as malloc'd text; NULL: what is left serves for a delta. */
static char *
why_whole(const Restore *restore)
{
	const CageHold offered = cage_offered();
	char *words = why_not_delta(restore->backup);

	/* it would keep its access to a directory that stays, while Barman writes there without a cage */
	if (words == NULL && !cage_holds_signals(&offered))
		words = mem_strdup("a process of the former server may have outlived it");
	if (words == NULL)
		words = former_data_strip(restore->directory,
								  json_array_size(json_object_get(restore->backup, "tablespaces")));
	return words;
}

/* Barman refuses the others. */
static char *
why_not_delta(const json_t *backup)
{
	int version = barman_version();
	const char *type = json_text_of(backup, "type");

	if (version == 0)
		return mem_strdup("the version of Barman is not known");
	if (version < RESTORE_VERSION_DELTA)
		return mem_printf("Barman copies what differs from 3.16 on, and this is %d.%d",
						  version / 10000, version / 100 % 100);
	if (json_text_of(backup, "parent_id") != NULL ||
		(type != NULL && strcmp(type, "incremental") == 0))
		return mem_strdup("the backup is an incremental one");
	if (json_text_of(backup, "compression") != NULL)
		return mem_strdup("the backup is compressed");
	if (json_text_of(backup, "encryption") != NULL)
		return mem_strdup("the backup is encrypted");
	return NULL;
}

bool
restore_left_nothing(Restore *restore)
{
	const char *id = json_text_of(restore->backup, "backup_id");
	char *base;
	char *backup;
	char *words;

	if (!restore->is_delta)
		return true;
	base = catalogue_directory(job_server(restore->job), "base");
	if (base == NULL)
		return restore_fail(restore, "unavailable", NULL,
							"Try again; if it stays so, look at what \"barman show-servers\" says.",
							"the copy could not be compared with the files of backup %s", id);
	backup = mem_printf("%s/%s", base, id);
	words = former_data_left(restore->directory, backup, id,
							 json_object_get(restore->backup, "tablespaces"));
	if (words != NULL)
		restore_fail(restore, BARMAN_FAILED, words,
					 "Restore it without refresh; and look at Barman's log.",
					 "Barman left in the copy what backup %s does not have", id);
	free(words);
	free(backup);
	free(base);
	return restore->error == NULL;
}
