/*
 * wal_start.h
 *
 * Where to begin to read, to know of all commits since a time.
 */
#ifndef RESCUE_WAL_START_H
#define RESCUE_WAL_START_H

#include <stddef.h>
#include <stdint.h>

#include "rescue/wal_path.h"

/*
 * The number of a file of the path, and 0 for INT64_MIN.  A transaction that
 * was committed since then may have begun earlier.  Says in the log of the job
 * if the WAL begins later.  Ends early if the job is cancelled.
 */
extern size_t wal_start(Job *job, const WalPath *path, int64_t since);

#endif /* RESCUE_WAL_START_H */
