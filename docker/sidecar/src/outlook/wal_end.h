/*
 * wal_end.h
 *
 * The last record and the last commit in archived WAL.
 */
#ifndef OUTLOOK_WAL_END_H
#define OUTLOOK_WAL_END_H

#include <stdbool.h>
#include <stdint.h>

#include "barman/archive_listing.h"

typedef struct WalEndFacts
{
	bool has_record;
	uint64_t record; /* where the last whole record begins */
	bool has_commit;
	int64_t commit; /* when the last transaction ended, in microseconds */
} WalEndFacts;

/*
 * Reads a segment, and those before it down to first until one has a commit,
 * but few.  What lies at or behind a position (UINT64_MAX: none) does not
 * count.  What cannot be read has neither.
 */
extern WalEndFacts wal_end_read(const ArchiveListing *archive, uint32_t timeline, uint64_t first,
								uint64_t last, uint64_t before);

#endif /* OUTLOOK_WAL_END_H */
