/*
 * wal_sources.h
 *
 * Which database has written the WAL that was archived last.
 */
#ifndef OUTLOOK_WAL_SOURCES_H
#define OUTLOOK_WAL_SOURCES_H

#include "base/answer.h"

/* More are not read at once: 1 GB of the usual segments */
#define WAL_SOURCES_SEGMENTS_MOST 64

/*
 * Reads the newest segments of the newest timeline, so many.  Blocks, and may
 * hang with the file system.  backups: of the server, for the size of its
 * segments.  The answer: {sources: {...}}, as openapi.yaml describes it.
 */
extern Answer *wal_sources_read(const char *server, const json_t *backups, int segments);

#endif /* OUTLOOK_WAL_SOURCES_H */
