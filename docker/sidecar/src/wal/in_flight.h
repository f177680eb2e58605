/*
 * in_flight.h
 *
 * Transactions that have begun in the WAL and not ended, each with what it has
 * done so far.  A subtransaction is one of its own until its parent commits.
 */
#ifndef WAL_IN_FLIGHT_H
#define WAL_IN_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wal/record_body.h"

/* What a transaction has done to the rows of a file, or that it has made it */
typedef struct FlightRelation
{
	uint32_t xid;
	RelationFile file;
	int64_t inserted;
	int64_t updated;
	int64_t deleted;
	int64_t moved_in;
	int64_t moved_out;
	uint64_t created;  /* where; 0: it was there before */
	bool other_pages;  /* pages that are no heap's: a new index has at least one */
	bool emptied;	   /* cut to no pages */
	bool is_toast;	   /* by its name, if the transaction has made it */
	uint32_t rewrites; /* OID of the table whose rows it takes over, by its name; 0: none */

	/* of a transaction that has committed */
	bool is_new;	   /* of a new relation, whose OID is its number */
	bool is_transient; /* of one that hands it over and is dropped */
	size_t operation;  /* the number of the one that made it, from 1; 0: none */
	bool is_taken;	   /* its counts are reported, or are those of nothing */
	struct FlightRelation *in_bucket;
	struct FlightRelation *of_transaction;
} FlightRelation;

/* A table that is locked against everybody, or said to be truncated */
typedef struct FlightTable
{
	uint64_t lsn;
	uint32_t database;
	uint32_t relation;
	bool truncated;
} FlightTable;

typedef struct FlightTransaction
{
	uint32_t xid;
	uint64_t begin_lsn;
	FlightRelation *relations;
	FlightTable *tables;
	uint32_t table_count;
	uint32_t table_room;
	uint64_t locks_known; /* where a snapshot has listed all that it held; 0: none has */
	bool has_created;	  /* a file */
	char *gid;			  /* malloc'd; NULL: not prepared, or before what was read */

	/* A row that leaves a partition is deleted there, and inserted elsewhere after its chunks of TOAST */
	bool is_moving;
	FlightRelation *arrived; /* took it, unless that was a chunk, which the next one will tell */
	FlightRelation *chunks;	 /* took the last chunk */
	uint32_t next_chunk;	 /* its number, if there is one */
	struct FlightTransaction *in_bucket;
} FlightTransaction;

typedef struct InFlight InFlight;

extern InFlight *in_flight_new(uint32_t max_transactions, uint32_t max_items);
extern void in_flight_free(InFlight *flight);

/* NULL: there is none */
extern FlightTransaction *in_flight_find(InFlight *flight, uint32_t xid);

/* Begins one if there is none; NULL: the limit is reached. */
extern FlightTransaction *in_flight_get(InFlight *flight, uint32_t xid, uint64_t lsn);
extern FlightRelation *in_flight_relation(InFlight *flight, FlightTransaction *transaction,
										  const RelationFile *file);
extern FlightRelation *in_flight_find_relation(InFlight *flight, uint32_t xid,
											   const RelationFile *file);

/* False: the limit is reached. */
extern bool in_flight_add_table(InFlight *flight, FlightTransaction *transaction,
								const FlightTable *table);

extern void in_flight_end(InFlight *flight, FlightTransaction *transaction);

/* Ends those before an xid, of whose end nobody has told: the server had crashed. */
extern void in_flight_end_before(InFlight *flight, uint32_t xid);

extern uint32_t in_flight_count(const InFlight *flight);

/* Is one xid before the other, within the two thousand million around it? */
extern bool xid_precedes(uint32_t one, uint32_t other);

#endif /* WAL_IN_FLIGHT_H */
