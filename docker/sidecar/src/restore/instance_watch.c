/*
 * instance_watch.c
 *
 * Detects that a restored server has ended: once a second, and whenever a
 * caller asks.
 */
#include "restore/instance_watch.h"
#include <pthread.h>
#include <stdlib.h>

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "restore/disk_reservation.h"
#include "restore/instance_files.h"
#include "restore/instance_record.h"
#include "restore/instance_table.h"

#define WATCH_MS 1000

/* Bytes kept of the log of a server that died */
#define LOG_TAIL 2000

static pthread_cond_t stop_watch;
static bool watching;
static pthread_t watcher;

static void *watch(void *arg);
static json_t *died(const Instance *instance);

bool
instance_watch_start(void)
{
	instance_table.stopping = false;
	monotonic_cond_init(&stop_watch);
	watching = pthread_create(&watcher, NULL, watch, NULL) == 0;
	return watching;
}

void
instance_watch_stop(void)
{
	if (!watching)
		return;
	pthread_mutex_lock(&instance_table.lock);
	instance_table.stopping = true;
	pthread_cond_broadcast(&stop_watch);
	pthread_mutex_unlock(&instance_table.lock);
	pthread_join(watcher, NULL);
	pthread_cond_destroy(&stop_watch);
	watching = false;
}

static void *
watch(void *arg)
{
	(void) arg;
	pthread_mutex_lock(&instance_table.lock);
	while (!instance_table.stopping)
	{
		struct timespec until = monotonic_timespec(monotonic_ms() + WATCH_MS);

		for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
			instance_look_after(instance);
		pthread_mutex_unlock(&instance_table.lock);
		instance_room_look(); /* may hang with the file system */
		pthread_mutex_lock(&instance_table.lock);
		if (!instance_table.stopping)
			pthread_cond_timedwait(&stop_watch, &instance_table.lock, &until);
	}
	pthread_mutex_unlock(&instance_table.lock);
	return NULL;
}

void
instance_look_after(Instance *instance)
{
	if (instance->state != INSTANCE_RUNNING || instance->claimed ||
		server_look(instance->directory, &instance->process) != SERVER_GONE)
		return;
	if (server_ended_cleanly(instance->directory))
		instance->state = INSTANCE_STOPPED;
	else
	{
		instance->state = INSTANCE_FAILED;
		json_decref(instance->error);
		instance->error = died(instance);
	}
	instance->process.pid = 0;
	log_line(LOGLEVEL_WARNING, "a restored server has ended", "instance", instance->name, "state",
			 instance_state_names[instance->state], NULL);
	instance_write_record(instance);
}

static json_t *
died(const Instance *instance)
{
	char *path = mem_printf("%s/" INSTANCE_LOG, instance->directory);
	char *tail = files_tail(path, LOG_TAIL);
	json_t *error = error_json("internal", "the restored server has died", tail,
							   "Its log is above; drop the instance and restore it again.");

	free(path);
	free(tail);
	return error;
}
