/*
 * instance_removal.h
 *
 * How an instance goes.
 */
#ifndef RESTORE_INSTANCE_REMOVAL_H
#define RESTORE_INSTANCE_REMOVAL_H

#include "restore/instance_table.h"

/* The server, if there is one, and its files; a claim is enough. */
extern bool instance_remove_files(Instance *instance);

/* Out of the list and off the disk; the lock is held */
extern void instance_forget(Instance *instance);

#endif							/* RESTORE_INSTANCE_REMOVAL_H */
