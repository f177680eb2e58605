/*
 * refresh.h
 *
 * Restores into an instance that is there: its server is ended, and what it
 * had makes room for the backup.
 */
#ifndef RESTORE_REFRESH_H
#define RESTORE_REFRESH_H

#include "restore/running_restore.h"

/* The first version of Barman that restores over what is there */
#define RESTORE_VERSION_DELTA 31600

/*
 * The last step before the copy; does nothing unless the instance is to be
 * refreshed.  From now on there is no way back.
 */
extern bool restore_make_place(Restore *restore);

/* Whether the copy has nothing but what the backup has; only a delta may */
extern bool restore_left_nothing(Restore *restore);

#endif /* RESTORE_REFRESH_H */
