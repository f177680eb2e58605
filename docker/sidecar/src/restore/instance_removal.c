/*
 * instance_removal.c
 *
 * Ends a restored server, and removes it from the disk and from the list.
 * Never touches a directory for which there is no record.
 */
#include "restore/instance_removal.h"

#include <errno.h>
#include <string.h>

#include "base/directory.h"
#include "base/log.h"
#include "restore/instance_record.h"
#include "restore/server_process.h"

/* Time before a server that is no longer needed is killed */
#define END_GRACE_MS 8000

bool
instance_end_server(Instance *instance)
{
	return server_end(&instance->process, END_GRACE_MS);
}

/* Ends the server first; the instance is claimed. */
bool
instance_remove_files(Instance *instance)
{
	int error = 0;

	if (!instance_end_server(instance))
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
	Instance **link = &instance_table.newest;

	while (*link != instance)
		link = &(*link)->next;
	*link = instance->next;

	/* after the end of the watch, keep the records for the next sidecar */
	if (!instance_table.stopping)
		instance_remove_record(instance);
	instance_free(instance);
}
