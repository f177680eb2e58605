/*
 * instance_table.c
 *
 * The table of restored servers.  Accesses no file.
 */
#include "restore/instance_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/settings.h"

/* A name is a directory, a setting and part of a path with a limited length. */
#define NAME_MAX_LENGTH 41

InstanceTable instance_table = {.lock = PTHREAD_MUTEX_INITIALIZER};

bool
instance_name_is_valid(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= NAME_MAX_LENGTH && name[0] >= 'a' && name[0] <= 'z' &&
		   strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

Instance *
instance_find(const char *name)
{
	for (Instance *instance = instance_table.newest; instance != NULL; instance = instance->next)
	{
		if (strcmp(instance->name, name) == 0)
			return instance;
	}
	return NULL;
}

void
instance_free(Instance *instance)
{
	free(instance->name);
	free(instance->server);
	free(instance->directory);
	free(instance->backup_id);
	free(instance->next_backup_id);
	free(instance->isolation);
	free(instance->recovery.lsn);
	free(instance->recovery.time);
	json_decref(instance->error);
	free(instance);
}

const char *
instance_directory(const Instance *instance)
{
	return instance->directory;
}

const char *
instance_server(const Instance *instance)
{
	return instance->server;
}

ServerConfig
instance_config(const Instance *instance)
{
	ServerConfig config = {
		.name = instance->name,
		.directory = instance->directory,
		.listen = settings.instance_listen,
		.preload = settings.instance_preload,
		.port = instance->port,
	};

	return config;
}
