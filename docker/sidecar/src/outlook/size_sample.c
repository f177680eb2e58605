/*
 * size_sample.c
 *
 * Adds up what Barman tells of its backups and what the archive has on disk.
 * A server that cannot be measured as a whole gets no sample: half a one would
 * look like a fall.
 */
#include "outlook/size_sample.h"

#include <pthread.h>
#include <stdatomic.h>
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

/* A sidecar that starts has other things to ask Barman for. */
#define FIRST_MS 60000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_t thread;
static bool started;
static int64_t interval_ms;
static atomic_bool stopping;

static void *samples_main(void *arg);
static void wait_for(int64_t milliseconds);
static void take_all(void);
static void take(const char *server);
static int64_t backup_bytes(const char *server);
static bool measure_disks(const char *base, const char *wals, SizeSample *sample);
static bool measure(const char *path, int64_t *free_bytes, int64_t *total);

bool
size_samples_start(int interval)
{
	if (interval == 0)
		return true;
	interval_ms = (int64_t) interval * 1000;
	atomic_store(&stopping, false);
	monotonic_cond_init(&changed);
	started = pthread_create(&thread, NULL, samples_main, NULL) == 0;
	return started;
}

void
size_samples_quit(void)
{
	pthread_mutex_lock(&lock);
	atomic_store(&stopping, true);
	if (started)
		pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

void
size_samples_stop(void)
{
	if (!started)
		return;
	size_samples_quit();
	pthread_join(thread, NULL);
	started = false;
}

static void *
samples_main(void *arg)
{
	(void) arg;
	pthread_mutex_lock(&lock);
	wait_for(interval_ms < FIRST_MS ? interval_ms : FIRST_MS);
	while (!stopping)
	{
		int64_t began = monotonic_ms();

		pthread_mutex_unlock(&lock);
		take_all();
		pthread_mutex_lock(&lock);
		wait_for(began + interval_ms - monotonic_ms());
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* Until that time is over, or the sidecar stops; the lock is held. */
static void
wait_for(int64_t milliseconds)
{
	struct timespec until = monotonic_timespec(monotonic_ms() + milliseconds);

	while (!stopping && pthread_cond_timedwait(&changed, &lock, &until) == 0)
		;
}

static void
take_all(void)
{
	ReadTarget target = {READ_SERVERS, "", ""};
	Answer *answer = reads_wait(&target, READ_AGE_DEFAULT);
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(answer->value, "servers"), i, one)
	{
		const char *server = json_text_of(one, "server");
		const char *state = json_text_of(one, "state");

		if (atomic_load(&stopping))
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
