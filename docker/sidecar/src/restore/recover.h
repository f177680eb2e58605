/*
 * recover.h
 *
 * Runs the restored server, apart from production, until recovery ends.
 */
#ifndef RESTORE_RECOVER_H
#define RESTORE_RECOVER_H

#include "restore/state.h"

extern bool restore_recover(Restore *restore, Recovery *recovery);

#endif							/* RESTORE_RECOVER_H */
