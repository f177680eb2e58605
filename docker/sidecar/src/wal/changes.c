/*
 * changes.c
 *
 * Sorts records by transaction.  Holds those that have not ended, and nothing
 * of the others.
 */
#include "wal/changes.h"

#include <stdlib.h>

#include "base/memory.h"
#include "wal/bytes.h"
#include "wal/changes_state.h"
#include "wal/row_records.h"
#include "wal/transaction_end.h"

/* Those below are of initdb */
#define FIRST_NORMAL_XID 3

#define INFO_OPERATION			0xF0
#define SMGR_CREATE				0x10
#define SMGR_TRUNCATE			0x20
#define SMGR_TRUNCATE_HEAP		0x0001
#define STANDBY_LOCK			0x00
#define STANDBY_RUNNING			0x10
#define HEAP_OPERATION			0x70
#define HEAP_TRUNCATE			0x30
#define XLOG_FULL_PAGE_FOR_HINT 0xA0

/* Of a COMMIT: files, statistics, invalidations and subtransactions together */
#define COMMIT_ITEMS_MAX (4 * (uint64_t) CHANGES_MAX_ITEMS)

static const char too_many[] = "more transactions are open than the limit allows, or with more relations";

static bool transaction_record(Changes *changes, const WalRecord *record);
static bool unfinished_record(Changes *changes, const WalRecord *record);
static bool standby_record(Changes *changes, const WalRecord *record);
static bool lock_record(Changes *changes, const WalRecord *record);
static bool add_lock(Changes *changes, uint32_t xid, const FlightTable *table, bool is_snapshot);
static bool running_record(Changes *changes, const WalRecord *record);
static bool other_record(Changes *changes, const WalRecord *record);
static bool is_truncation(const WalRecord *record);
static bool storage_record(Changes *changes, FlightTransaction *transaction, const WalRecord *record);
static void mark_pages(Changes *changes, const FlightTransaction *transaction);
static bool parse(Changes *changes, const WalRecord *record);

Changes *
changes_new(const ChangesOptions *options)
{
	Changes *changes = mem_alloc(sizeof(*changes));

	changes->options = *options;
	changes->flight = in_flight_new(options->max_transactions > 0 ? options->max_transactions
																  : CHANGES_MAX_TRANSACTIONS,
									options->max_items > 0 ? options->max_items : CHANGES_MAX_ITEMS);
	return changes;
}

void
changes_free(Changes *changes)
{
	if (changes == NULL)
		return;
	in_flight_free(changes->flight);
	free(changes);
}

bool
changes_record(Changes *changes, const WalRecord *record)
{
	if (changes->error[0] != '\0')
		return false;
	if (record->rmgr == RMGR_XACT)
		return transaction_record(changes, record);
	if (record->rmgr == RMGR_STANDBY)
		return standby_record(changes, record);
	return record->xid < FIRST_NORMAL_XID || other_record(changes, record);
}

const char *
changes_error(const Changes *changes)
{
	return changes->error[0] != '\0' ? changes->error : NULL;
}

void
changes_gap(Changes *changes)
{
	changes->has_floor = false;
}

uint32_t
changes_in_flight(const Changes *changes)
{
	return in_flight_count(changes->flight);
}

static bool
parse(Changes *changes, const WalRecord *record)
{
	const char *wrong = record_parse(record, &changes->parts);

	return wrong == NULL || changes_fail(changes, record->lsn, wrong);
}

static bool
transaction_record(Changes *changes, const WalRecord *record)
{
	CommitRecord commit;
	bool ends;
	const char *wrong;

	if (!parse(changes, record))
		return false;
	if ((wrong = commit_record_parse(record, &changes->parts, &ends, &commit)) != NULL)
		return changes_fail(changes, record->lsn, wrong);
	if (!ends)
		return record->xid < FIRST_NORMAL_XID || unfinished_record(changes, record);
	if (commit.xid < FIRST_NORMAL_XID)
		return true;
	/* no server has so many; each takes memory here */
	if ((uint64_t) commit.stats_count + commit.file_count + commit.invalidation_count +
			commit.subtransaction_count >
		COMMIT_ITEMS_MAX)
		return changes_fail(changes, record->lsn, "a COMMIT lists more than the limit allows");
	transaction_ends(changes, record, &commit);
	return true;
}

/* PREPARE, or what tells of subtransactions and caches before the end */
static bool
unfinished_record(Changes *changes, const WalRecord *record)
{
	FlightTransaction *transaction = in_flight_get(changes->flight, record->xid, record->lsn);
	const char *gid = prepare_record_gid(record, &changes->parts);

	if (transaction == NULL)
		return changes_fail(changes, record->lsn, too_many);
	if (gid != NULL && transaction->gid == NULL)
		transaction->gid = mem_strdup(gid);
	return true;
}

static bool
standby_record(Changes *changes, const WalRecord *record)
{
	uint8_t operation = record->info & INFO_OPERATION;

	if (operation != STANDBY_LOCK && operation != STANDBY_RUNNING)
		return true;
	if (!parse(changes, record))
		return false;
	return operation == STANDBY_LOCK ? lock_record(changes, record) : running_record(changes, record);
}

/* Written when the lock is taken, and again of all locks with each snapshot of what runs */
static bool
lock_record(Changes *changes, const WalRecord *record)
{
	const uint8_t *at = changes->parts.main;
	uint32_t count;

	if (changes->parts.main_length < 4)
		return changes_fail(changes, record->lsn, "a list of locks has no length");
	count = bytes_u32(at);
	if (count > (changes->parts.main_length - 4) / 12)
		return changes_fail(changes, record->lsn, "a list of locks is longer than the record");
	at += 4;
	for (uint32_t i = 0; i < count; i++, at += 12)
	{
		FlightTable table = {record->lsn, bytes_u32(at + 4), bytes_u32(at + 8), false};
		uint32_t xid = bytes_u32(at);

		if (xid >= FIRST_NORMAL_XID && !add_lock(changes, xid, &table, record->xid == 0))
			return changes_fail(changes, record->lsn, too_many);
	}
	return true;
}

/* Of a snapshot, only locks that were taken before what was read are news. */
static bool
add_lock(Changes *changes, uint32_t xid, const FlightTable *table, bool is_snapshot)
{
	FlightTransaction *transaction;

	if (is_snapshot && changes->has_floor && !xid_precedes(xid, changes->floor))
		return true;
	transaction = in_flight_get(changes->flight, xid, table->lsn);
	if (transaction == NULL)
		return false;
	if (is_snapshot)
	{
		if (transaction->locks_known != 0 && transaction->locks_known != table->lsn)
			return true;
		transaction->locks_known = table->lsn;
	}
	return in_flight_add_table(changes->flight, transaction, table);
}

static bool
running_record(Changes *changes, const WalRecord *record)
{
	const uint8_t *at = changes->parts.main;
	uint32_t next;
	uint32_t oldest;

	if (changes->parts.main_length < 24)
		return changes_fail(changes, record->lsn, "a snapshot of what runs is cut short");
	next = bytes_u32(at + 12);
	oldest = bytes_u32(at + 16);
	if (!changes->has_floor)
	{
		changes->has_floor = true;
		changes->floor = next;
	}
	else if (xid_precedes(changes->floor, oldest))
		changes->floor = oldest; /* stays near, as xids begin anew after four thousand million */
	in_flight_end_before(changes->flight, oldest);
	return true;
}

static bool
other_record(Changes *changes, const WalRecord *record)
{
	FlightTransaction *transaction = in_flight_get(changes->flight, record->xid, record->lsn);
	bool is_heap = record->rmgr == RMGR_HEAP || record->rmgr == RMGR_HEAP2;

	if (transaction == NULL)
		return changes_fail(changes, record->lsn, too_many);
	if (record->rmgr == RMGR_SMGR)
		return parse(changes, record) && storage_record(changes, transaction, record);
	if (is_heap && (!changes->options.fast || transaction->has_created || is_truncation(record)))
	{
		if (!parse(changes, record))
			return false;
		if (transaction->has_created)
			class_record(changes, transaction, record);
		return (changes->options.fast && !is_truncation(record)) ||
			   row_record(changes, transaction, record);
	}
	if (is_heap || !transaction->has_created ||
		(record->rmgr == RMGR_XLOG && (record->info & INFO_OPERATION) == XLOG_FULL_PAGE_FOR_HINT))
		return true;
	if (!parse(changes, record))
		return false;
	mark_pages(changes, transaction);
	return true;
}

static bool
is_truncation(const WalRecord *record)
{
	return record->rmgr == RMGR_HEAP && (record->info & HEAP_OPERATION) == HEAP_TRUNCATE;
}

/* A file is made, or cut. */
static bool
storage_record(Changes *changes, FlightTransaction *transaction, const WalRecord *record)
{
	uint8_t operation = record->info & INFO_OPERATION;
	const uint8_t *at = changes->parts.main;
	FlightRelation *relation;
	RelationFile file;

	if (operation != SMGR_CREATE && operation != SMGR_TRUNCATE)
		return true;
	if (changes->parts.main_length < (operation == SMGR_CREATE ? 16 : 20))
		return changes_fail(changes, record->lsn, "it makes or cuts a file and does not say which");
	if (operation == SMGR_CREATE)
	{
		uint32_t fork = bytes_u32(at + 12);

		/* of an unlogged relation, only the init fork is logged */
		if (fork != FORK_MAIN && fork != FORK_INIT)
			return true;
	}
	else if (bytes_u32(at) != 0 || !(bytes_u32(at + 16) & SMGR_TRUNCATE_HEAP))
		return true;
	else
		at += 4;
	file = (RelationFile){bytes_u32(at), bytes_u32(at + 4), bytes_u32(at + 8)};
	relation = in_flight_relation(changes->flight, transaction, &file);
	if (relation == NULL)
		return changes_fail(changes, record->lsn, too_many);
	if (operation == SMGR_TRUNCATE)
		relation->emptied = true;
	else if (relation->created == 0)
	{
		relation->created = record->lsn;
		transaction->has_created = true;
	}
	return true;
}

/* Only what is no heap has pages that heaps' own records do not write. */
static void
mark_pages(Changes *changes, const FlightTransaction *transaction)
{
	for (int i = 0; i < changes->parts.block_count; i++)
	{
		FlightRelation *relation = in_flight_find_relation(changes->flight, transaction->xid,
														   &changes->parts.blocks[i].file);

		if (relation != NULL && changes->parts.blocks[i].fork == FORK_MAIN)
			relation->other_pages = true;
	}
}
