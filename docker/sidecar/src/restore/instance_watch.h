/*
 * instance_watch.h
 *
 * Detects that a restored server has ended.
 */
#ifndef RESTORE_INSTANCE_WATCH_H
#define RESTORE_INSTANCE_WATCH_H

#include "restore/instance_table.h"

extern bool instance_watch_start(void);
extern void instance_watch_stop(void);

/* Detects that a running server has ended; the lock is held. */
extern void instance_look_after(Instance *instance);

#endif /* RESTORE_INSTANCE_WATCH_H */
