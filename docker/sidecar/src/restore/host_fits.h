/*
 * host_fits.h
 *
 * Compares Barman's host with what the primary has.
 */
#ifndef RESTORE_HOST_FITS_H
#define RESTORE_HOST_FITS_H

#include "restore/running_restore.h"

/*
 * Checks before the copy whether this host can run the queries on the restored
 * server.  An ordinary restore gets only warnings: much of it may be usable.
 */
extern bool restore_host_serves(Restore *restore);

/* malloc'd further notes for the caller, or "" */
extern char *restore_host_notes(const Restore *restore);

#endif /* RESTORE_HOST_FITS_H */
