/*
 * commit_record.h
 *
 * The record with which a transaction ends.
 */
#ifndef WAL_COMMIT_RECORD_H
#define WAL_COMMIT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "wal/record_body.h"

/* The longest global identifier of a prepared transaction, with its zero byte */
#define GID_SIZE 200

/* Lists point into the record; the functions below read their items. */
typedef struct CommitRecord
{
	bool is_commit; /* else an abort */
	bool is_prepared;
	uint32_t xid;	 /* of the transaction, whose is prepared too */
	int64_t time;	 /* microseconds since 1970 */
	const char *gid; /* NULL: none */

	const uint8_t *subtransactions;
	uint32_t subtransaction_count;
	const uint8_t *files; /* that are removed: on abort those that it had made */
	uint32_t file_count;
	const uint8_t *stats; /* dropped entries of statistics */
	uint32_t stats_count;
	const uint8_t *invalidations;
	uint32_t invalidation_count;
	int stats_item_size;
} CommitRecord;

typedef enum StatsKind
{
	STATS_DATABASE = 1,
	STATS_RELATION = 2
} StatsKind;

/*
 * Of a record of RMGR_XACT.  *ends is false for one that ends no transaction.
 * NULL, or a static text what is wrong with it.
 */
extern const char *commit_record_parse(const WalRecord *record, const RecordParts *parts,
									   bool *ends, CommitRecord *commit);

extern uint32_t commit_subtransaction(const CommitRecord *commit, uint32_t i);
extern RelationFile commit_file(const CommitRecord *commit, uint32_t i);

/* The identifier in a PREPARE, which a COMMIT repeats at wal_level = logical only; NULL: it is another record */
extern const char *prepare_record_gid(const WalRecord *record, const RecordParts *parts);

/* True for a relation or a database, whose relation is 0 */
extern bool commit_dropped(const CommitRecord *commit, uint32_t i, uint32_t *database,
						   uint32_t *relation);

/* True if it is one of the relation cache, for a single relation */
extern bool commit_invalidated(const CommitRecord *commit, uint32_t i, uint32_t *database,
							   uint32_t *relation);

#endif /* WAL_COMMIT_RECORD_H */
