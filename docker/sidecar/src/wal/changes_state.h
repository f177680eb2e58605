/*
 * changes_state.h
 *
 * The state of a collection of changes, and what of it concerns a transaction
 * that has committed.
 */
#ifndef WAL_CHANGES_STATE_H
#define WAL_CHANGES_STATE_H

#include "wal/change.h"
#include "wal/commit_record.h"
#include "wal/in_flight.h"

/* PostgreSQL's own relations are below: FirstNormalObjectId */
#define FIRST_USER_OID 16384

typedef struct Changes
{
	ChangesOptions options;
	InFlight *flight;
	bool has_floor;
	uint32_t floor; /* of this transaction and later ones, everything has been read */
	char error[160];
	RecordParts parts; /* of the record at hand */
} Changes;

/* A transaction that has committed, with all of its subtransactions */
typedef struct Ended
{
	const CommitRecord *commit;
	uint64_t begin_lsn;
	FlightRelation *relations; /* by key, each file once */
	size_t relation_count;
	FlightTable *tables; /* by LSN */
	size_t table_count;
	bool has_created;
	char *gid; /* malloc'd; NULL: none is known */
} Ended;

/* Always false */
extern bool changes_fail(Changes *changes, uint64_t lsn, const char *detail);

/* Relations of different databases may have the same number */
static inline uint64_t
relation_key(uint32_t database, uint32_t number)
{
	return (uint64_t) database << 32 | number;
}

#endif /* WAL_CHANGES_STATE_H */
