/*
 * backup_fits.h
 *
 * Whether a backup can be restored on this host, whatever the target.
 */
#ifndef RESTORE_BACKUP_FITS_H
#define RESTORE_BACKUP_FITS_H

#include <jansson.h>

#include "base/answer.h"

/* Why the backup cannot be restored, or NULL: for its version, its segments, its tablespaces */
extern Answer *backup_refuse_version(const json_t *backup);
extern Answer *backup_refuse_segments(const json_t *backup);
extern Answer *backup_refuse_tablespaces(const json_t *backup);

#endif /* RESTORE_BACKUP_FITS_H */
