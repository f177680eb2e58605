/*
 * backup_links.h
 *
 * What lies in the backup before it is copied.
 */
#ifndef RESTORE_BACKUP_LINKS_H
#define RESTORE_BACKUP_LINKS_H

#include "restore/state.h"

/* Do the backup's files hold nothing that leads out of it? */
extern bool restore_source_is_sound(Restore *restore);

#endif							/* RESTORE_BACKUP_LINKS_H */
