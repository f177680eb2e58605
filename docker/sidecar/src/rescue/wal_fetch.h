/*
 * wal_fetch.h
 *
 * Fetches an archived segment with "barman get-wal": one that is encrypted, or
 * compressed by a program of Barman's configuration.
 */
#ifndef RESCUE_WAL_FETCH_H
#define RESCUE_WAL_FETCH_H

#include "jobs/job.h"
#include "wal/segment_file.h"

/* NULL if Barman cannot give it, and then *error is as it was */
extern SegmentFile *wal_fetch(Job *job, const char *name, SegmentError *error);

#endif /* RESCUE_WAL_FETCH_H */
