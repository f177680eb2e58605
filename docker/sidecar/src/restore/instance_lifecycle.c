/*
 * instance_lifecycle.c
 *
 * Restored servers from the start of the sidecar to its end.  Records each
 * change before it reports it.
 */
#include "restore/instance_table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "restore/instance_record.h"
#include "restore/instance_removal.h"
#include "restore/instance_watch.h"

/* How long the start waits for the removal of what a crash left */
#define LEFTOVERS_MS 5000

static int root_lock = -1; /* held while the sidecar runs */

static void use_real_root(void);
static bool lock_root(void);
static bool close_root(void);
static bool libraries_are_here(void);
static void settle_after_crash(Instance *instance);
static void remove_leftovers(void);
static void *remove_each(void *arg);

bool
instances_start(const char *state_dir)
{
	if (settings.instance_root == NULL)
		return true;
	if (!instance_records_open(state_dir) ||
		(mkdir(settings.instance_root, 0700) != 0 && errno != EEXIST) ||
		access(settings.instance_root, W_OK) != 0)
	{
		log_line(LOGLEVEL_ERROR, "cannot use the directory of the instances", "directory",
				 settings.instance_root, "error", strerror(errno), NULL);
		return false;
	}
	use_real_root();
	if (!lock_root() || !libraries_are_here())
		return false;
	instance_records_load();
	for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
		settle_after_crash(instance);
	remove_leftovers();

	return instance_watch_start();
}

/* Resolves links in the root, so that none below it needs to be followed (instance_files.c) */
static void
use_real_root(void)
{
	static char root[PATH_MAX];

	if (realpath(settings.instance_root, root) != NULL)
		settings.instance_root = root;
}

/* Two sidecars with one root would give one name or port to two servers. */
static bool
lock_root(void)
{
	root_lock = open(settings.instance_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_lock >= 0 && !close_root())
		return false;
	if (root_lock >= 0 && (errno = files_lock(root_lock)) == 0)
		return true;
	log_line(LOGLEVEL_ERROR,
			 root_lock >= 0 ? "another sidecar uses this directory of the instances"
							: "cannot open the directory of the instances",
			 "directory", settings.instance_root, "error", strerror(errno), "remedy",
			 "give each sidecar an --instance-root of its own", NULL);
	return false;
}

/* Who may write there puts a link in the place of an instance, and Barman follows it. */
static bool
close_root(void)
{
	struct stat facts;
	bool is_ours;

	if (fstat(root_lock, &facts) == 0 && (facts.st_mode & 022) == 0)
		return true;
	is_ours = facts.st_uid == geteuid();
	if (is_ours && fchmod(root_lock, facts.st_mode & 07777 & ~022U) == 0)
		return true;
	log_line(LOGLEVEL_ERROR, "others may write to the directory of the instances", "directory",
			 settings.instance_root, "cause",
			 is_ours ? strerror(errno) : "it belongs to somebody else", "remedy",
			 "give the sidecar a directory of its own", NULL);
	return false;
}

/* Checks now rather than after the first restore's copy */
static bool
libraries_are_here(void)
{
	char *directory;
	bool here = true;

	if (settings.instance_preload == NULL)
		return true;
	directory = server_program(settings.pg_bindir, "pg_config", "--pkglibdir");
	directory[strcspn(directory, "\n")] = '\0';
	for (const char *name = settings.instance_preload; here && *name != '\0';)
	{
		size_t length = strcspn(name, ",");
		char *path = mem_printf("%s/%.*s.so", directory, (int) length, name);

		/* without pg_config, the server reports it */
		here = directory[0] == '\0' || access(path, R_OK) == 0;
		if (!here)
			log_line(LOGLEVEL_ERROR, "a library of --instance-preload is not installed", "file",
					 path, NULL);
		name += length + (name[length] == ',');
		free(path);
	}
	free(directory);
	return here;
}

/* Runs before there are other threads. */
static void
settle_after_crash(Instance *instance)
{
	if (instance->state == INSTANCE_RESTORING || instance->state == INSTANCE_RECOVERING)
	{
		log_line(LOGLEVEL_WARNING,
				 "a restore was under way when the sidecar ended: removing what it made",
				 "instance", instance->name, NULL);
		instance->claimed = true;
	}
	else if (instance->state == INSTANCE_RUNNING)
	{
		instance_look_after(instance);
		if (instance->state == INSTANCE_RUNNING)
			log_line(LOGLEVEL_INFO, "a restored server still runs", "instance", instance->name, NULL);
	}
}

/*
 * Removes what unfinished restores left.  This may take long, so a thread does
 * it, and the start waits for it only a few seconds.
 */
static void
remove_leftovers(void)
{
	Instance **left;
	size_t count = 0;
	pthread_t thread;
	struct timespec until;

	for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
		count += instance->claimed;
	if (count == 0)
		return;
	left = mem_alloc((count + 1) * sizeof(Instance *));
	count = 0;
	for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
	{
		if (instance->claimed)
			left[count++] = instance;
	}
	left[count] = NULL;
	if (pthread_create(&thread, NULL, remove_each, left) != 0)
	{
		remove_each(left);
		return;
	}
	until = monotonic_timespec(monotonic_ms() + LEFTOVERS_MS);
	if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0)
		pthread_detach(thread);
}

/* The instances are claimed, so no other thread touches them; takes the list. */
static void *
remove_each(void *arg)
{
	Instance **left = arg;

	for (size_t i = 0; left[i] != NULL; i++)
		instance_failed(left[i],
						error_json("lost", "the sidecar ended while the instance was being restored",
								   "What had been restored was removed.", "Restore it again."));
	free(left);
	return NULL;
}

void
instances_stop(void)
{
	bool claimed = false;

	instance_watch_stop();
	pthread_mutex_lock(&instance_table.lock);
	for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
		claimed = claimed || instance->claimed;
	while (!claimed && instance_table.newest != NULL)
		instance_forget(instance_table.newest);
	pthread_mutex_unlock(&instance_table.lock);
	if (claimed)
		return; /* by a job that did not end in time */
	instance_records_close();
	if (root_lock >= 0)
		close(root_lock);
	root_lock = -1;
}

Answer *
instances_list(const TokenGrant *grant)
{
	json_t *list = json_checked(json_array());
	json_t *value = json_checked(json_object());

	pthread_mutex_lock(&instance_table.lock);
	for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
	{
		instance_look_after(instance);
		if (token_reaches(grant, instance->server))
			json_array_append_new(list, instance_json(instance));
	}
	pthread_mutex_unlock(&instance_table.lock);
	json_object_set_new(value, "instances", list);
	return answer_json(200, value);
}

void
instance_restores(Instance *instance, const char *backup_id)
{
	bool is_former;

	pthread_mutex_lock(&instance_table.lock);
	is_former = instance->state != INSTANCE_RESTORING;
	if (is_former)
	{
		free(instance->next_backup_id);
		instance->next_backup_id = mem_strdup(backup_id);
	}
	else
	{
		free(instance->backup_id);
		instance->backup_id = mem_strdup(backup_id);
		instance_write_record(instance);
	}
	pthread_mutex_unlock(&instance_table.lock);
}

void
instance_has_written(Instance *instance, int64_t bytes)
{
	pthread_mutex_lock(&instance_table.lock);
	instance->written = bytes;
	pthread_mutex_unlock(&instance_table.lock);
}

void
instance_recovers(Instance *instance, int64_t restore_ms, const ServerProcess *process,
				  const char *isolation)
{
	pthread_mutex_lock(&instance_table.lock);
	instance->state = INSTANCE_RECOVERING;
	instance->restore_ms = restore_ms;
	instance->process = *process;
	free(instance->isolation);
	instance->isolation = mem_strdup(isolation);
	instance_write_record(instance);
	pthread_mutex_unlock(&instance_table.lock);
}

json_t *
instance_ready(Instance *instance, int64_t restore_ms, int64_t recovery_ms, const Recovery *recovery)
{
	FilesSize size = directory_size(instance->directory);
	json_t *value;

	pthread_mutex_lock(&instance_table.lock);
	instance->restore_ms = restore_ms;
	instance->bytes = size.bytes;
	instance->freed = size.freed;
	instance->reserved = 0;
	if (recovery != NULL)
	{
		instance->state = INSTANCE_RUNNING;
		instance->recovery_ms = recovery_ms;
		instance->recovery.timeline = recovery->timeline;
		instance->recovery.lsn = mem_strdup(recovery->lsn);
		instance->recovery.time = mem_strdup(recovery->time);
	}
	else
		instance->state = INSTANCE_STOPPED;
	instance->claimed = false;
	instance_write_record(instance);
	value = instance_json(instance);
	pthread_mutex_unlock(&instance_table.lock);
	return value;
}

bool
instance_failed(Instance *instance, json_t *error)
{
	bool removed;

	/* no other thread touches a claimed instance, so this may take long */
	removed = instance_remove_files(instance);
	pthread_mutex_lock(&instance_table.lock);
	if (removed)
	{
		instance_forget(instance);
		json_decref(error);
	}
	else
	{
		instance->state = INSTANCE_FAILED;
		instance->reserved = 0;
		instance->has_files = true;
		instance->port = 0;
		instance->bytes = -1;
		json_decref(instance->error);
		instance->error = error;
		instance->claimed = false;
		instance_write_record(instance);
	}
	pthread_mutex_unlock(&instance_table.lock);
	return removed;
}

bool
instance_dropped(Instance *instance)
{
	bool removed = instance_remove_files(instance);

	pthread_mutex_lock(&instance_table.lock);
	if (removed)
		instance_forget(instance);
	else
	{
		instance->claimed = false;
		instance->reserved = 0;
		instance_write_record(instance);
	}
	pthread_mutex_unlock(&instance_table.lock);
	return removed;
}

bool
instance_is_restoring(const char *server, const char *backup_id)
{
	bool restoring = false;

	pthread_mutex_lock(&instance_table.lock);
	for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
	{
		const char *id = instance->next_backup_id;
		bool copies = instance->claimed && (instance->state == INSTANCE_RESTORING || id != NULL) &&
					  strcmp(instance->server, server) == 0;

		if (id == NULL)
			id = instance->backup_id;
		restoring = restoring ||
					(copies && (backup_id == NULL || id == NULL || strcmp(id, backup_id) == 0));
	}
	pthread_mutex_unlock(&instance_table.lock);
	return restoring;
}
