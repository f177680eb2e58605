/*
 * instance_removal.h
 *
 * Removes an instance.
 */
#ifndef RESTORE_INSTANCE_REMOVAL_H
#define RESTORE_INSTANCE_REMOVAL_H

#include "restore/instance_table.h"

/* Ends the server, if there is one; false if it still runs.  A claim is enough. */
extern bool instance_end_server(Instance *instance);

/* Ends the server, if there is one, and removes its files; a claim is enough. */
extern bool instance_remove_files(Instance *instance);

/* Removes the instance from the list, and its record; the lock is held */
extern void instance_forget(Instance *instance);

#endif /* RESTORE_INSTANCE_REMOVAL_H */
