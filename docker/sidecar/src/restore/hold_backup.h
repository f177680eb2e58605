/*
 * hold_backup.h
 *
 * Keeps the backup of a restore until it is copied.
 */
#ifndef RESTORE_HOLD_BACKUP_H
#define RESTORE_HOLD_BACKUP_H

#include "restore/running_restore.h"

/* Protects the backup until restore_let_go(); false if it is already gone. */
extern bool restore_hold(Restore *restore);
extern void restore_let_go(Restore *restore);
extern json_t *restore_chain(Restore *restore);
extern bool restore_backup_is_there(Restore *restore);

#endif /* RESTORE_HOLD_BACKUP_H */
