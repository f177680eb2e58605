/*
 * hold.h
 *
 * The backup stays until it is copied.
 */
#ifndef RESTORE_HOLD_H
#define RESTORE_HOLD_H

#include "restore/state.h"

/* Keep the backup from being removed until it is let go; and is it still there? */
extern bool restore_hold(Restore *restore);
extern void restore_let_go(Restore *restore);
extern json_t *restore_chain(Restore *restore);
extern bool restore_backup_is_there(Restore *restore);

#endif							/* RESTORE_HOLD_H */
