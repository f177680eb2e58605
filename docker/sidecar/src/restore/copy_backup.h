/*
 * copy_backup.h
 *
 * Has Barman copy the backup, and turns the copy into a data directory.
 */
#ifndef RESTORE_COPY_BACKUP_H
#define RESTORE_COPY_BACKUP_H

#include "restore/running_restore.h"

extern bool restore_copy(Restore *restore);
extern bool restore_prepare(Restore *restore);

/* NULL, or malloc'd text why Barman cannot restore the tablespaces elsewhere */
extern char *restore_tablespaces_are_bad(const json_t *backup);

#endif /* RESTORE_COPY_BACKUP_H */
