/*
 * size_sample.c
 *
 * Adds up what Barman tells of its backups and what the archive has on disk.
 * A server that cannot be measured as a whole gets no sample: half a one would
 * look like a fall.
 */
#include "outlook/size_sample.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "barman/catalogue.h"
#include "barman/read_cache.h"
#include "base/directory.h"
#include "base/disk.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "outlook/size_history.h"

static void take(const char *server);
static int64_t backup_bytes(const char *server);
static bool measure_disks(const char *base, const char *wals, SizeSample *sample);
static bool measure(const char *path, int64_t *free_bytes, int64_t *total);

void
size_samples_take(const atomic_bool *stop)
{
	ReadTarget target = {READ_SERVERS, "", ""};
	Answer *answer = reads_wait(&target, READ_AGE_DEFAULT);
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(answer->value, "servers"), i, one)
	{
		const char *server = json_text_of(one, "server");
		const char *state = json_text_of(one, "state");

		if (atomic_load(stop))
			break;
		if (server != NULL && state != NULL &&
			(strcmp(state, "active") == 0 || strcmp(state, "passive") == 0))
			take(server);
	}
	answer_release(answer);
}

static void
take(const char *server)
{
	SizeSample sample = {.backups = backup_bytes(server)};
	char *base;
	char *wals;

	if (sample.backups < 0 || !reads_learn_directories(server))
		return;
	base = catalogue_directory(server, "base");
	wals = catalogue_directory(server, "wals");
	if (base != NULL && wals != NULL && measure_disks(base, wals, &sample))
	{
		sample.wal = directory_size(wals).bytes;
		sample.at = timestamp_now();
		size_history_add(server, &sample);
	}
	free(base);
	free(wals);
}

/* -1: not known */
static int64_t
backup_bytes(const char *server)
{
	ReadTarget target = {READ_BACKUPS, server, ""};
	Answer *answer = reads_wait(&target, READ_AGE_DEFAULT);
	int64_t bytes = answer->status == 200 ? 0 : -1;
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(answer->value, "backups"), i, one)
		bytes += json_integer_value(json_object_get(one, "size"));
	answer_release(answer);
	return bytes;
}

static bool
measure_disks(const char *base, const char *wals, SizeSample *sample)
{
	struct stat base_status;
	struct stat wals_status;

	sample->wals_free = sample->wals_total = -1;
	if (stat(base, &base_status) != 0 || stat(wals, &wals_status) != 0 ||
		!measure(base, &sample->base_free, &sample->base_total))
		return false;
	return base_status.st_dev == wals_status.st_dev ||
		   measure(wals, &sample->wals_free, &sample->wals_total);
}

static bool
measure(const char *path, int64_t *free_bytes, int64_t *total)
{
	json_t *disk = disk_of_path(path);

	*free_bytes = json_integer_value(json_object_get(disk, "free_bytes"));
	*total = json_integer_value(json_object_get(disk, "total_bytes"));
	json_decref(disk);
	return disk != NULL;
}
