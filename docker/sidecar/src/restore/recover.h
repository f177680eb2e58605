/*
 * recover.h
 *
 * Runs the restored server, apart from production, until recovery ends.
 */
#ifndef RESTORE_RECOVER_H
#define RESTORE_RECOVER_H

#include "restore/running_restore.h"

extern bool restore_recover(Restore *restore, Recovery *recovery);

/* Whether the kernel really confines the server that runs, as far as the settings require */
extern bool restore_is_isolated(const Restore *restore);

/* The same position on another timeline is another state of the database. */
extern bool restore_is_on_its_timeline(Restore *restore, const Recovery *recovery);

#endif /* RESTORE_RECOVER_H */
