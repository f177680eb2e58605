/*
 * copy.h
 *
 * Barman copies the backup; what it left becomes a data directory.
 */
#ifndef RESTORE_COPY_H
#define RESTORE_COPY_H

#include "restore/state.h"

extern bool restore_copy(Restore *restore);
extern bool restore_prepare(Restore *restore);

/* malloc'd: why Barman cannot restore its tablespaces elsewhere; or NULL */
extern char *restore_tablespaces_are_bad(const json_t *backup);

#endif							/* RESTORE_COPY_H */
