/*
 * backup_memory.c
 *
 * Remembers finished backups by server and id.  Never returns one whose
 * backup.info Barman has written since.
 */
#include "barman/backup_memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barman/catalogue.h"
#include "barman/json.h"
#include "base/memory.h"

/* {server: {id: {"seen": text of catalogue_backup_ids(), "backup": {...}}}} */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *remembered;

static json_t *known(const char *server, const char *id);
static bool is_current(const json_t *entry, const json_t *seen);
static bool is_final(const char *status);
static int newer_first(const void *a, const void *b);

void
backup_memory_keep(const char *server, const json_t *backups, const json_t *diagnose,
				   const json_t *seen)
{
	json_t *mine = json_checked(json_object());
	json_t *backup;
	size_t i;

	pthread_mutex_lock(&lock);
	json_array_foreach ((json_t *) backups, i, backup)
	{
		const char *id = json_text_of(backup, "backup_id");
		json_t *before = json_object_get(known(server, id), "backup");
		json_t *after;
		json_t *entry;
		const char *key;
		json_t *value;

		if (id == NULL || !is_final(json_text_of(backup, "status")))
			continue;
		after = barman_diagnose_backup(diagnose, server, id);
		if (after == NULL)
			after = before != NULL ? json_checked(json_copy(before)) : NULL;
		if (after == NULL)
			continue;
		json_object_foreach (backup, key, value)
		{
			if (!json_is_null(value))
				json_object_set(after, key, value);
		}
		entry = json_checked(json_object());
		json_object_set_new(entry, "backup", after);
		json_object_set(entry, "seen", json_object_get(seen, id));
		json_object_set_new(mine, id, entry);
	}
	if (remembered == NULL)
		remembered = json_checked(json_object());
	json_object_set_new(remembered, server, mine);
	pthread_mutex_unlock(&lock);
}

bool
backup_memory_recall(const char *server, json_t *backups)
{
	bool complete = true;
	size_t i;
	json_t *backup;

	pthread_mutex_lock(&lock);
	json_array_foreach (backups, i, backup)
	{
		const char *id = json_text_of(backup, "backup_id");
		const char *status = json_text_of(backup, "status");
		json_t *before = json_object_get(known(server, id), "backup");
		const char *status_before = json_text_of(before, "status");
		const char *key;
		json_t *value;

		if (before == NULL || status == NULL || status_before == NULL)
		{
			complete = false;
			continue;
		}
		/* A backup that waited for WAL and is now DONE has kept its begin_time. */
		if (strcmp(status, status_before) != 0 &&
			!(strcmp(status_before, "WAITING_FOR_WALS") == 0 && strcmp(status, "DONE") == 0))
		{
			json_object_del(json_object_get(remembered, server), id);
			complete = false;
			continue;
		}
		json_object_foreach (before, key, value)
		{
			/* diagnose reports end_time to the microsecond */
			if (json_is_null(json_object_get(backup, key)) ||
				(strcmp(key, "end_time") == 0 && !json_is_null(value)))
				json_object_set_new(backup, key, json_checked(json_deep_copy(value)));
		}
	}
	pthread_mutex_unlock(&lock);
	return complete;
}

json_t *
backup_memory_list(const char *server)
{
	json_t *ids = catalogue_backup_ids(server);
	size_t count = json_object_size(ids);
	const char **sorted = mem_alloc(count * sizeof(char *));
	json_t *list = json_checked(json_array());
	const char *id;
	json_t *seen;
	size_t n = 0;

	json_object_foreach (ids, id, seen)
		sorted[n++] = id;
	qsort(sorted, n, sizeof(char *), newer_first);
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n; i++)
	{
		json_t *entry = known(server, sorted[i]);

		if (is_current(entry, json_object_get(ids, sorted[i])))
			json_array_append_new(list,
								  json_checked(json_deep_copy(json_object_get(entry, "backup"))));
	}
	pthread_mutex_unlock(&lock);

	/* without a directory of a backup, nothing is known of the server */
	if (n == 0 || json_array_size(list) < n)
	{
		json_decref(list);
		list = NULL;
	}
	free(sorted);
	json_decref(ids);
	return list;
}

json_t *
backup_memory_find(const char *server, const char *id)
{
	json_t *ids = catalogue_backup_ids(server);
	json_t *entry;
	json_t *backup = NULL;

	pthread_mutex_lock(&lock);
	entry = known(server, id);
	if (is_current(entry, json_object_get(ids, id)))
		backup = json_checked(json_deep_copy(json_object_get(entry, "backup")));
	pthread_mutex_unlock(&lock);
	json_decref(ids);
	return backup;
}

void
backup_memory_forget_all(void)
{
	pthread_mutex_lock(&lock);
	json_decref(remembered);
	remembered = NULL;
	pthread_mutex_unlock(&lock);
}

/* The caller holds the lock. */
static json_t *
known(const char *server, const char *id)
{
	return id != NULL ? json_object_get(json_object_get(remembered, server), id) : NULL;
}

static bool
is_current(const json_t *entry, const json_t *seen)
{
	return entry != NULL && seen != NULL && json_equal(json_object_get(entry, "seen"), seen);
}

static bool
is_final(const char *status)
{
	return status != NULL && (strcmp(status, "DONE") == 0 || strcmp(status, "FAILED") == 0 ||
							  strcmp(status, "WAITING_FOR_WALS") == 0);
}

static int
newer_first(const void *a, const void *b)
{
	return strcmp(*(const char *const *) b, *(const char *const *) a);
}
