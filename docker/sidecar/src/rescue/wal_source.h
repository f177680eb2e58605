/*
 * wal_source.h
 *
 * Opens a segment that Barman has, wherever and however it is kept.
 */
#ifndef RESCUE_WAL_SOURCE_H
#define RESCUE_WAL_SOURCE_H

#include "rescue/wal_path.h"
#include "wal/segment_file.h"

/* NULL, and *error says why */
extern SegmentFile *wal_source_open(Job *job, const WalPathFile *file, SegmentError *error);

#endif /* RESCUE_WAL_SOURCE_H */
