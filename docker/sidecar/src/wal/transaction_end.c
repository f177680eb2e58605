/*
 * transaction_end.c
 *
 * A transaction commits or aborts, with its subtransactions: what it has done
 * is reported, one call for each relation, or forgotten.
 */
#include "wal/transaction_end.h"

#include <stdlib.h>

#include "base/memory.h"
#include "wal/operations.h"

static void take_transaction(InFlight *flight, uint32_t xid, Ended *ended, size_t *relation_room,
							 size_t *table_room);
static void add_relations(const FlightTransaction *transaction, Ended *ended, size_t *relation_room);
static void add_tables(const FlightTransaction *transaction, Ended *ended, size_t *table_room);
static void fold_relations(Ended *ended);
static int compare_relations(const void *a, const void *b);
static int compare_tables(const void *a, const void *b);
static void report(Changes *changes, const WalRecord *record, const Ended *ended);
static void report_operation(Changes *changes, WalChange *change, const Operation *operation,
							 const Ended *ended);
static void report_rows(Changes *changes, WalChange *change, const Ended *ended);
static void add_counts(WalChange *change, const Ended *ended, uint64_t key);
static void emit(Changes *changes, WalChange *change);

void
transaction_ends(Changes *changes, const WalRecord *record, const CommitRecord *commit)
{
	Ended ended = {.commit = commit, .begin_lsn = record->lsn};
	size_t relation_room = 0;
	size_t table_room = 0;

	take_transaction(changes->flight, commit->xid, &ended, &relation_room, &table_room);
	for (uint32_t i = 0; i < commit->subtransaction_count; i++)
		take_transaction(changes->flight, commit_subtransaction(commit, i), &ended, &relation_room,
						 &table_room);
	if (commit->is_commit)
	{
		fold_relations(&ended);
		report(changes, record, &ended);
	}
	free(ended.relations);
	free(ended.tables);
	free(ended.gid);
}

/* Each is there once, however often the record names it. */
static void
take_transaction(InFlight *flight, uint32_t xid, Ended *ended, size_t *relation_room,
				 size_t *table_room)
{
	FlightTransaction *transaction = in_flight_find(flight, xid);

	if (transaction == NULL)
		return;
	if (ended->commit->is_commit)
	{
		if (transaction->begin_lsn < ended->begin_lsn)
			ended->begin_lsn = transaction->begin_lsn;
		ended->has_created |= transaction->has_created;
		add_relations(transaction, ended, relation_room);
		add_tables(transaction, ended, table_room);
		if (ended->commit->is_prepared && xid == ended->commit->xid)
		{
			ended->gid = transaction->gid;
			transaction->gid = NULL;
		}
	}
	in_flight_end(flight, transaction);
}

static void
add_relations(const FlightTransaction *transaction, Ended *ended, size_t *relation_room)
{
	for (const FlightRelation *relation = transaction->relations; relation != NULL;
		 relation = relation->of_transaction)
	{
		if (ended->relation_count == *relation_room)
		{
			*relation_room = *relation_room > 0 ? *relation_room * 2 : 8;
			ended->relations = mem_realloc(ended->relations, *relation_room * sizeof(FlightRelation));
		}
		ended->relations[ended->relation_count++] = *relation;
	}
}

static void
add_tables(const FlightTransaction *transaction, Ended *ended, size_t *table_room)
{
	for (uint32_t i = 0; i < transaction->table_count; i++)
	{
		if (ended->table_count == *table_room)
		{
			*table_room = *table_room > 0 ? *table_room * 2 : 8;
			ended->tables = mem_realloc(ended->tables, *table_room * sizeof(FlightTable));
		}
		ended->tables[ended->table_count++] = transaction->tables[i];
	}
}

/* One entry for each file, whichever subtransactions have changed it; tables in the order of WAL */
static void
fold_relations(Ended *ended)
{
	size_t kept = 0;

	if (ended->table_count > 1)
		qsort(ended->tables, ended->table_count, sizeof(FlightTable), compare_tables);
	if (ended->relation_count < 2)
		return;
	qsort(ended->relations, ended->relation_count, sizeof(FlightRelation), compare_relations);
	for (size_t i = 1; i < ended->relation_count; i++)
	{
		FlightRelation *last = &ended->relations[kept];
		const FlightRelation *next = &ended->relations[i];

		if (compare_relations(last, next) != 0)
		{
			ended->relations[++kept] = *next;
			continue;
		}
		last->inserted += next->inserted;
		last->updated += next->updated;
		last->deleted += next->deleted;
		last->moved_in += next->moved_in;
		last->moved_out += next->moved_out;
		if (last->created == 0 || (next->created != 0 && next->created < last->created))
			last->created = next->created;
		last->other_pages |= next->other_pages;
		last->emptied |= next->emptied;
		last->is_toast |= next->is_toast;
		if (next->rewrites != 0)
			last->rewrites = next->rewrites;
	}
	ended->relation_count = kept + 1;
}

static int
compare_relations(const void *a, const void *b)
{
	const RelationFile *one = &((const FlightRelation *) a)->file;
	const RelationFile *other = &((const FlightRelation *) b)->file;
	uint64_t key = relation_key(one->database, one->number);
	uint64_t other_key = relation_key(other->database, other->number);

	if (key != other_key)
		return key < other_key ? -1 : 1;
	return one->tablespace < other->tablespace ? -1 : one->tablespace > other->tablespace;
}

static int
compare_tables(const void *a, const void *b)
{
	uint64_t one = ((const FlightTable *) a)->lsn;
	uint64_t other = ((const FlightTable *) b)->lsn;

	return one < other ? -1 : one > other;
}

static void
report(Changes *changes, const WalRecord *record, const Ended *ended)
{
	Operations operations = {0};
	WalChange change = {
		.xid = ended->commit->xid,
		.is_prepared = ended->commit->is_prepared,
		.gid = ended->commit->gid != NULL ? ended->commit->gid : ended->gid,
		.begin_lsn = ended->begin_lsn,
		.commit_lsn = record->lsn,
		.end_lsn = record->end_lsn,
		.committed = ended->commit->time,
		.is_whole = changes->has_floor && !xid_precedes(ended->commit->xid, changes->floor),
	};

	if (ended->has_created || ended->table_count > 0 || ended->commit->stats_count > 0)
		operations_find(ended, &operations);
	for (size_t i = 0; i < operations.count; i++)
		report_operation(changes, &change, &operations.items[i], ended);
	if (changes->options.unseen && !change.is_whole && ended->begin_lsn == record->lsn &&
		operations.count == 0)
		changes->options.callback(&change, changes->options.context);
	change.has_no_file = false;
	if (!changes->options.fast)
		report_rows(changes, &change, ended);
	free(operations.items);
}

static void
report_operation(Changes *changes, WalChange *change, const Operation *operation, const Ended *ended)
{
	if (operation->relation != 0 && operation->relation < FIRST_USER_OID && !changes->options.catalogs)
		return;
	change->kinds = operation->kinds;
	change->database = operation->database;
	change->relation = operation->relation;
	change->filenode = operation->filenode;
	change->new_filenode = operation->new_filenode;
	change->tablespace = operation->tablespace;
	change->has_no_file = operation->has_no_file;
	change->inserted = change->updated = change->deleted = change->moved_in = change->moved_out = 0;
	if (operation->filenode != 0)
		add_counts(change, ended, relation_key(operation->database, operation->filenode));
	if (operation->new_filenode != 0 && operation->new_filenode != operation->filenode)
		add_counts(change, ended, relation_key(operation->database, operation->new_filenode));
	emit(changes, change);
}

/* Those of files that no operation has taken */
static void
report_rows(Changes *changes, WalChange *change, const Ended *ended)
{
	for (size_t i = 0; i < ended->relation_count; i++)
	{
		const FlightRelation *relation = &ended->relations[i];

		if (relation->is_taken || (relation->inserted | relation->updated | relation->deleted |
								   relation->moved_in | relation->moved_out) == 0)
			continue;
		change->kinds = 0;
		change->database = relation->file.database;
		change->relation = relation->is_new ? relation->file.number : 0;
		change->filenode = relation->file.number;
		change->new_filenode = 0;
		change->tablespace = relation->file.tablespace;
		change->inserted = relation->inserted;
		change->updated = relation->updated;
		change->deleted = relation->deleted;
		change->moved_in = relation->moved_in;
		change->moved_out = relation->moved_out;
		emit(changes, change);
	}
}

/* Takes the counts of a file, so that they are not reported again. */
static void
add_counts(WalChange *change, const Ended *ended, uint64_t key)
{
	size_t low = 0;
	size_t high = ended->relation_count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		const RelationFile *file = &ended->relations[middle].file;

		if (relation_key(file->database, file->number) < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < ended->relation_count; low++)
	{
		FlightRelation *relation = &ended->relations[low];

		if (relation_key(relation->file.database, relation->file.number) != key)
			return;
		if (relation->is_taken)
			continue;
		relation->is_taken = true;
		change->inserted += relation->inserted;
		change->updated += relation->updated;
		change->deleted += relation->deleted;
		change->moved_in += relation->moved_in;
		change->moved_out += relation->moved_out;
	}
}

/* What WAL cannot tell is -1. */
static void
emit(Changes *changes, WalChange *change)
{
	int64_t *counts[] = {&change->inserted, &change->updated, &change->deleted, &change->moved_in,
						 &change->moved_out};

	if (change->deleted > 0)
		change->kinds |= CHANGE_DELETE;
	if (change->updated > 0 || change->moved_in > 0 || change->moved_out > 0)
		change->kinds |= CHANGE_UPDATE;
	/* a rewrite of most kinds inserts the rows that are there already */
	if (change->kinds & CHANGE_REWRITE)
		change->inserted = -1;
	else if (change->inserted > 0)
		change->kinds |= CHANGE_INSERT;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
	{
		bool unknown = changes->options.fast || !change->is_whole ||
					   ((change->kinds & (CHANGE_DROP | CHANGE_TRUNCATE | CHANGE_REWRITE)) &&
						change->filenode == 0);

		if (unknown && (changes->options.fast || *counts[i] == 0))
			*counts[i] = -1;
	}
	/* what was left when it was dropped or truncated went without a record */
	if (change->kinds & (CHANGE_DROP | CHANGE_TRUNCATE))
		change->deleted = -1;
	changes->options.callback(change, changes->options.context);
}
