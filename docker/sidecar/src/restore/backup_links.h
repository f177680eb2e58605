/*
 * backup_links.h
 *
 * Checks the files of a backup before it is copied.
 */
#ifndef RESTORE_BACKUP_LINKS_H
#define RESTORE_BACKUP_LINKS_H

#include "restore/running_restore.h"

/* Whether nothing in the backup's files leads out of it */
extern bool restore_source_is_sound(Restore *restore);

#endif /* RESTORE_BACKUP_LINKS_H */
