/*
 * sample.c
 *
 * Reads what the metrics of one server need, by the cache that all callers
 * share.  Asks Barman nothing that such a server never answers.
 */
#include "metrics/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "barman/backup_info.h"
#include "barman/read_cache.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "restore/segment_name.h"

const char *const sample_read_names[SAMPLE_READS] = {
	[SAMPLE_BACKUPS] = "backups", [SAMPLE_LATEST] = "latest_backup",
	[SAMPLE_CHECK] = "check",	  [SAMPLE_REPLICATION] = "replication",
	[SAMPLE_DISKS] = "disks",	  [SAMPLE_ARCHIVE] = "archive",
};

static const ReadKind kinds[SAMPLE_READS] = {
	[SAMPLE_BACKUPS] = READ_BACKUPS, [SAMPLE_LATEST] = READ_BACKUP,
	[SAMPLE_CHECK] = READ_CHECK,	 [SAMPLE_REPLICATION] = READ_REPLICATION,
	[SAMPLE_DISKS] = READ_DISKS,
};

static void read_one(Sample *sample, SampleRead which, const char *argument);
static void read_archive(Sample *sample);
static const json_t *oldest_backup(const Sample *sample);
static const char *first_wal(const json_t *facts);

void
sample_take(Sample *sample, const atomic_bool *stop)
{
	/* Barman refuses to connect to a server that is not active */
	bool active = strcmp(sample->state, "active") == 0;
	bool checked = active || strcmp(sample->state, "passive") == 0;
	const json_t *latest;

	read_one(sample, SAMPLE_BACKUPS, "");
	latest = sample_latest_backup(sample);
	if (latest != NULL && !atomic_load(stop))
		read_one(sample, SAMPLE_LATEST, json_text_of(latest, "backup_id"));
	if (checked && !atomic_load(stop))
		read_one(sample, SAMPLE_CHECK, "");
	if (active && !atomic_load(stop))
		read_one(sample, SAMPLE_REPLICATION, "");
	if (!atomic_load(stop) && reads_learn_directories(sample->server))
		read_one(sample, SAMPLE_DISKS, "");
	else
		sample->asked[SAMPLE_DISKS] = true;
	if (latest != NULL && !atomic_load(stop))
		read_archive(sample);
	sample->updated = timestamp_now();
}

void
sample_free(Sample *sample)
{
	for (int i = 0; i < SAMPLE_READS; i++)
		answer_release(sample->answers[i]);
	free(sample->server);
	free(sample->state);
}

const json_t *
sample_value(const Sample *sample, SampleRead read, const char *key)
{
	const Answer *answer = sample->answers[read];

	if (answer == NULL || key == NULL)
		return answer != NULL ? answer->value : NULL;
	return json_object_get(answer->value, key);
}

bool
sample_has(const Sample *sample, SampleRead read)
{
	return read == SAMPLE_ARCHIVE ? sample->archive_known : sample->answers[read] != NULL;
}

/* "2026-11-22T06:10:22Z", with microseconds or without */
bool
sample_time(const json_t *object, const char *key, double *seconds)
{
	const char *text = json_text_of(object, key);
	struct tm parts = {0};
	const char *rest;

	if (text == NULL || (rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts)) == NULL)
		return false;
	*seconds = (double) timegm(&parts) + (*rest == '.' ? strtod(rest, NULL) : 0);
	return true;
}

bool
sample_backup_is_done(const json_t *backup)
{
	const char *status = json_text_of(backup, "status");

	return status != NULL && strcmp(status, "DONE") == 0;
}

const json_t *
sample_latest_backup(const Sample *sample)
{
	const json_t *backups = sample_value(sample, SAMPLE_BACKUPS, "backups");

	/* newest first */
	for (size_t i = 0; i < json_array_size(backups); i++)
	{
		if (sample_backup_is_done(json_array_get(backups, i)))
			return json_array_get(backups, i);
	}
	return NULL;
}

bool
sample_check(const Sample *sample, const char *name, bool *known)
{
	const json_t *checks = sample_value(sample, SAMPLE_CHECK, "checks");

	*known = false;
	for (size_t i = 0; i < json_array_size(checks); i++)
	{
		const json_t *check = json_array_get(checks, i);
		const char *its = json_text_of(check, "check_name");

		if (its != NULL && strcmp(its, name) == 0)
		{
			*known = true;
			return json_is_true(json_object_get(check, "ok"));
		}
	}
	return false;
}

static void
read_one(Sample *sample, SampleRead which, const char *argument)
{
	ReadTarget target = {kinds[which], sample->server, argument};
	Answer *answer = reads_wait(&target, READ_AGE_DEFAULT);

	sample->asked[which] = true;
	if (answer->status == 200)
		sample->answers[which] = answer;
	else
		answer_release(answer);
}

/* Without a backup there is nothing that the archive must cover. */
static void
read_archive(Sample *sample)
{
	const char *latest_id = json_text_of(sample_latest_backup(sample), "backup_id");
	const char *oldest_id = json_text_of(oldest_backup(sample), "backup_id");
	json_t *latest = backup_info_find(sample->server, latest_id);
	json_t *oldest = oldest_id != NULL ? backup_info_find(sample->server, oldest_id) : NULL;

	sample->asked[SAMPLE_ARCHIVE] = true;
	if (latest != NULL && first_wal(latest) != NULL &&
		(oldest_id == NULL || first_wal(oldest) != NULL))
	{
		sample->segment_size = restore_segment_size(latest);
		sample->archive_known = archive_coverage(sample->server, sample->segment_size,
												 first_wal(oldest), first_wal(latest),
												 &sample->archive);
	}
	json_decref(latest);
	json_decref(oldest);
}

/* Of a backup that is kept standalone, Barman removes the WAL that comes after it. */
static const json_t *
oldest_backup(const Sample *sample)
{
	const json_t *backups = sample_value(sample, SAMPLE_BACKUPS, "backups");

	for (size_t i = json_array_size(backups); i-- > 0;)
	{
		const json_t *backup = json_array_get(backups, i);
		const char *retention = json_text_of(backup, "retention");

		if (sample_backup_is_done(backup) &&
			(retention == NULL || strcasestr(retention, "standalone") == NULL))
			return backup;
	}
	return NULL;
}

static const char *
first_wal(const json_t *facts)
{
	return json_text_of(facts, "begin_wal");
}
