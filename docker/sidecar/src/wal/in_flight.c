/*
 * in_flight.c
 *
 * Two hash tables: transactions by xid, and relations by xid and file.  Holds
 * no more than its limits, and nothing of a transaction that has ended.
 */
#include "wal/in_flight.h"

#include <stdlib.h>

#include "base/memory.h"

#define BUCKETS_LEAST 1024

struct InFlight
{
	uint32_t max_transactions;
	uint32_t max_items;
	uint32_t transaction_count;
	uint32_t relation_count;
	uint32_t table_count;

	FlightTransaction **transactions;
	uint32_t transaction_buckets; /* a power of two, as the other */
	FlightRelation **relations;
	uint32_t relation_buckets;

	/* those of the last record, which are mostly those of the next */
	FlightTransaction *last;
	FlightRelation *last_relation;
};

static uint32_t hash_xid(uint32_t xid);
static uint32_t hash_file(uint32_t xid, const RelationFile *file);
static bool is_same(const FlightRelation *relation, uint32_t xid, const RelationFile *file);
static void grow_transactions(InFlight *flight);
static void grow_relations(InFlight *flight);
static void drop_relation(InFlight *flight, FlightRelation *relation);

InFlight *
in_flight_new(uint32_t max_transactions, uint32_t max_items)
{
	InFlight *flight = mem_alloc(sizeof(*flight));

	flight->max_transactions = max_transactions;
	flight->max_items = max_items;
	flight->transaction_buckets = BUCKETS_LEAST;
	flight->transactions = mem_alloc(BUCKETS_LEAST * sizeof(FlightTransaction *));
	flight->relation_buckets = BUCKETS_LEAST;
	flight->relations = mem_alloc(BUCKETS_LEAST * sizeof(FlightRelation *));
	return flight;
}

void
in_flight_free(InFlight *flight)
{
	if (flight == NULL)
		return;
	for (uint32_t i = 0; i < flight->transaction_buckets; i++)
	{
		while (flight->transactions[i] != NULL)
			in_flight_end(flight, flight->transactions[i]);
	}
	free(flight->transactions);
	free(flight->relations);
	free(flight);
}

FlightTransaction *
in_flight_find(InFlight *flight, uint32_t xid)
{
	FlightTransaction *transaction = flight->last;

	if (transaction != NULL && transaction->xid == xid)
		return transaction;
	transaction = flight->transactions[hash_xid(xid) & (flight->transaction_buckets - 1)];
	while (transaction != NULL && transaction->xid != xid)
		transaction = transaction->in_bucket;
	if (transaction != NULL)
		flight->last = transaction;
	return transaction;
}

FlightTransaction *
in_flight_get(InFlight *flight, uint32_t xid, uint64_t lsn)
{
	FlightTransaction *transaction = in_flight_find(flight, xid);
	FlightTransaction **bucket;

	if (transaction != NULL)
		return transaction;
	if (flight->transaction_count >= flight->max_transactions)
		return NULL;
	if (flight->transaction_count >= flight->transaction_buckets)
		grow_transactions(flight);
	flight->transaction_count++;
	transaction = mem_alloc(sizeof(*transaction));
	transaction->xid = xid;
	transaction->begin_lsn = lsn;
	bucket = &flight->transactions[hash_xid(xid) & (flight->transaction_buckets - 1)];
	transaction->in_bucket = *bucket;
	*bucket = transaction;
	flight->last = transaction;
	return transaction;
}

FlightRelation *
in_flight_find_relation(InFlight *flight, uint32_t xid, const RelationFile *file)
{
	FlightRelation *relation = flight->last_relation;

	if (relation != NULL && is_same(relation, xid, file))
		return relation;
	relation = flight->relations[hash_file(xid, file) & (flight->relation_buckets - 1)];
	while (relation != NULL && !is_same(relation, xid, file))
		relation = relation->in_bucket;
	if (relation != NULL)
		flight->last_relation = relation;
	return relation;
}

FlightRelation *
in_flight_relation(InFlight *flight, FlightTransaction *transaction, const RelationFile *file)
{
	FlightRelation *relation = in_flight_find_relation(flight, transaction->xid, file);
	FlightRelation **bucket;

	if (relation != NULL)
		return relation;
	if (flight->relation_count + flight->table_count >= flight->max_items)
		return NULL;
	if (flight->relation_count >= flight->relation_buckets)
		grow_relations(flight);
	flight->relation_count++;
	relation = mem_alloc(sizeof(*relation));
	relation->xid = transaction->xid;
	relation->file = *file;
	bucket = &flight->relations[hash_file(relation->xid, file) & (flight->relation_buckets - 1)];
	relation->in_bucket = *bucket;
	*bucket = relation;
	relation->of_transaction = transaction->relations;
	transaction->relations = relation;
	flight->last_relation = relation;
	return relation;
}

bool
in_flight_add_table(InFlight *flight, FlightTransaction *transaction, const FlightTable *table)
{
	if (flight->relation_count + flight->table_count >= flight->max_items)
		return false;
	if (transaction->table_count == transaction->table_room)
	{
		transaction->table_room = transaction->table_room > 0 ? transaction->table_room * 2 : 4;
		transaction->tables = mem_realloc(transaction->tables,
										  transaction->table_room * sizeof(FlightTable));
	}
	transaction->tables[transaction->table_count++] = *table;
	flight->table_count++;
	return true;
}

void
in_flight_end(InFlight *flight, FlightTransaction *transaction)
{
	FlightTransaction **link = &flight->transactions[hash_xid(transaction->xid) &
													 (flight->transaction_buckets - 1)];

	while (*link != transaction)
		link = &(*link)->in_bucket;
	*link = transaction->in_bucket;
	while (transaction->relations != NULL)
	{
		FlightRelation *relation = transaction->relations;

		transaction->relations = relation->of_transaction;
		drop_relation(flight, relation);
	}
	flight->table_count -= transaction->table_count;
	flight->transaction_count--;
	if (flight->last == transaction)
		flight->last = NULL;
	free(transaction->tables);
	free(transaction->gid);
	free(transaction);
}

void
in_flight_end_before(InFlight *flight, uint32_t xid)
{
	for (uint32_t i = 0; i < flight->transaction_buckets; i++)
	{
		FlightTransaction *next;

		for (FlightTransaction *transaction = flight->transactions[i]; transaction != NULL;
			 transaction = next)
		{
			next = transaction->in_bucket;
			if (xid_precedes(transaction->xid, xid))
				in_flight_end(flight, transaction);
		}
	}
}

uint32_t
in_flight_count(const InFlight *flight)
{
	return flight->transaction_count;
}

bool
xid_precedes(uint32_t one, uint32_t other)
{
	return (int32_t) (one - other) < 0;
}

static void
drop_relation(InFlight *flight, FlightRelation *relation)
{
	FlightRelation **link = &flight->relations[hash_file(relation->xid, &relation->file) &
											   (flight->relation_buckets - 1)];

	while (*link != relation)
		link = &(*link)->in_bucket;
	*link = relation->in_bucket;
	flight->relation_count--;
	if (flight->last_relation == relation)
		flight->last_relation = NULL;
	free(relation);
}

static void
grow_transactions(InFlight *flight)
{
	uint32_t buckets = flight->transaction_buckets * 2;
	FlightTransaction **grown = mem_alloc(buckets * sizeof(FlightTransaction *));

	for (uint32_t i = 0; i < flight->transaction_buckets; i++)
	{
		FlightTransaction *next;

		for (FlightTransaction *transaction = flight->transactions[i]; transaction != NULL;
			 transaction = next)
		{
			FlightTransaction **bucket = &grown[hash_xid(transaction->xid) & (buckets - 1)];

			next = transaction->in_bucket;
			transaction->in_bucket = *bucket;
			*bucket = transaction;
		}
	}
	free(flight->transactions);
	flight->transactions = grown;
	flight->transaction_buckets = buckets;
}

static void
grow_relations(InFlight *flight)
{
	uint32_t buckets = flight->relation_buckets * 2;
	FlightRelation **grown = mem_alloc(buckets * sizeof(FlightRelation *));

	for (uint32_t i = 0; i < flight->relation_buckets; i++)
	{
		FlightRelation *next;

		for (FlightRelation *relation = flight->relations[i]; relation != NULL; relation = next)
		{
			FlightRelation **bucket = &grown[hash_file(relation->xid, &relation->file) & (buckets - 1)];

			next = relation->in_bucket;
			relation->in_bucket = *bucket;
			*bucket = relation;
		}
	}
	free(flight->relations);
	flight->relations = grown;
	flight->relation_buckets = buckets;
}

/* xids are consecutive, so that no two of them share a bucket by themselves */
static uint32_t
hash_xid(uint32_t xid)
{
	return xid;
}

static uint32_t
hash_file(uint32_t xid, const RelationFile *file)
{
	uint64_t key = ((uint64_t) xid << 32 | file->number) * UINT64_C(0x9E3779B97F4A7C15);

	key ^= ((uint64_t) file->database << 32 | file->tablespace) * UINT64_C(0xC2B2AE3D27D4EB4F);
	return (uint32_t) (key >> 32 ^ key);
}

static bool
is_same(const FlightRelation *relation, uint32_t xid, const RelationFile *file)
{
	return relation->xid == xid && relation->file.number == file->number &&
		   relation->file.database == file->database &&
		   relation->file.tablespace == file->tablespace;
}
