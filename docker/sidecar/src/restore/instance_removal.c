/*
 * instance_removal.c
 *
 * Ends a restored server, and removes it off the disk and out of the list.
 * Never touches a directory that no record of ours speaks of.
 */
#include "restore/instance_removal.h"

#include <errno.h>
#include <string.h>

#include "base/directory.h"
#include "base/log.h"
#include "restore/instance_record.h"
#include "restore/server.h"

/* Before a server that is not wanted any more is killed */
#define END_GRACE_MS 8000

/* Ends the server first; the instance is claimed. */
bool
instance_remove_files(Instance *instance)
{
	int			error = 0;

	if (!server_end(instance->directory, &instance->process, END_GRACE_MS))
		error = EBUSY;
	if (error == 0 && instance->has_files)
		error = directory_remove(instance->directory);
	if (error != 0)
		log_line(LOGLEVEL_ERROR, "an instance cannot be removed", "instance", instance->name,
				 "directory", instance->directory, "error", strerror(error), NULL);
	return error == 0;
}

void
instance_forget(Instance *instance)
{
	Instance  **link = &instance_table.newest;

	while (*link != instance)
		link = &(*link)->next;
	*link = instance->next;

	/* with the watch ended, the records are for the next sidecar */
	if (!instance_table.stopping)
		instance_remove_record(instance);
	instance_free(instance);
}
