/*
 * operations.c
 *
 * What a transaction has dropped, truncated and rewritten.  WAL says it in
 * pieces: which files go, which are made, which statistics are dropped, whose
 * cached definition changes, and who is locked.
 *
 *	dropped		the statistics of an OID are dropped
 *	rewritten	those of a transient table are, which the transaction has made
 *				and whose file stays: the table has taken it over
 *	truncated	a file is made that is of no new relation, and others go; an
 *				index that is rebuilt gets pages at once, a table does not
 *
 * A pairing of which WAL leaves more than one is unknown, and never guessed.
 */
#include "wal/operations.h"

#include "wal/truncations.h"

/* Locks of a transaction among which the table of a rewrite is looked for */
#define CANDIDATES_MAX 1000

static void collect_sets(Evidence *evidence);
static void mark_new(Evidence *evidence);
static bool drops_are_in_order(Evidence *evidence);
static bool files_are_told(Evidence *evidence);
static void find_drops(Evidence *evidence);
static uint32_t rewritten_table(Evidence *evidence, const FlightRelation *transient);
static void find_rewrites(Evidence *evidence);
static void find_emptied(Evidence *evidence);
static void find_told_truncations(Evidence *evidence);

void
operations_find(const Ended *ended, Operations *operations)
{
	Evidence evidence = {.ended = ended, .operations = operations};

	collect_sets(&evidence);
	mark_new(&evidence);
	find_drops(&evidence);
	find_rewrites(&evidence);
	truncations_find(&evidence);
	find_emptied(&evidence);
	find_told_truncations(&evidence);
	relation_set_free(&evidence.created);
	relation_set_free(&evidence.removed);
	relation_set_free(&evidence.dropped);
	relation_set_free(&evidence.locked);
	relation_set_free(&evidence.invalidated);
	relation_set_free(&evidence.rewritten);
	relation_set_free(&evidence.truncated);
}

static void
collect_sets(Evidence *evidence)
{
	const Ended *ended = evidence->ended;
	const CommitRecord *commit = ended->commit;
	uint32_t database;
	uint32_t relation;

	for (size_t i = 0; i < ended->relation_count; i++)
	{
		if (ended->relations[i].created != 0)
			relation_set_add(&evidence->created, relation_key(ended->relations[i].file.database,
															  ended->relations[i].file.number));
	}
	for (size_t i = 0; i < ended->table_count; i++)
		relation_set_add(&evidence->locked,
						 relation_key(ended->tables[i].database, ended->tables[i].relation));
	for (uint32_t i = 0; i < commit->file_count; i++)
	{
		RelationFile file = commit_file(commit, i);

		relation_set_add(&evidence->removed, relation_key(file.database, file.number));
	}
	for (uint32_t i = 0; i < commit->stats_count; i++)
	{
		if (commit_dropped(commit, i, &database, &relation))
			relation_set_add(&evidence->dropped, relation_key(database, relation));
	}
	if (!ended->has_created)
		return;
	for (uint32_t i = 0; i < commit->invalidation_count; i++)
	{
		if (commit_invalidated(commit, i, &database, &relation))
			relation_set_add(&evidence->invalidated, relation_key(database, relation));
	}
}

/* The first file of a relation has the number of its OID, which a later one does not get. */
static void
mark_new(Evidence *evidence)
{
	const Ended *ended = evidence->ended;

	for (size_t i = 0; i < ended->relation_count; i++)
	{
		FlightRelation *relation = &ended->relations[i];
		uint64_t key = relation_key(relation->file.database, relation->file.number);

		if (relation->created == 0)
			continue;
		relation->is_new = relation_set_has(&evidence->locked, key) ||
						   relation_set_has(&evidence->invalidated, key);
		if (!relation_set_has(&evidence->removed, key))
			continue;
		/* made and removed by the same transaction: as if it had never been */
		relation->is_taken = true;
		if (!relation->is_new)
			evidence->is_disorderly = true;
	}
}

/*
 * Files are removed in the opposite order of that in which statistics are
 * dropped, if every relation has one and nothing else goes.  The relations that
 * have the numbers of their files must agree.
 */
static bool
drops_are_in_order(Evidence *evidence)
{
	const CommitRecord *commit = evidence->ended->commit;
	uint32_t database;
	uint32_t relation;

	if (evidence->ended->has_created || commit->stats_count != commit->file_count)
		return false;
	for (uint32_t i = 0; i < commit->stats_count; i++)
	{
		RelationFile file = commit_file(commit, commit->file_count - 1 - i);

		if (!commit_dropped(commit, i, &database, &relation) || relation == 0 ||
			database != file.database)
			return false;
		if (file.number != relation &&
			(relation_set_has(&evidence->removed, relation_key(database, relation)) ||
			 relation_set_has(&evidence->dropped, relation_key(database, file.number))))
			return false;
	}
	return true;
}

/* Has every file that goes the number of a relation that is dropped? */
static bool
files_are_told(Evidence *evidence)
{
	const CommitRecord *commit = evidence->ended->commit;

	for (uint32_t i = 0; i < commit->file_count; i++)
	{
		RelationFile file = commit_file(commit, i);

		if (!relation_set_has(&evidence->dropped, relation_key(file.database, file.number)))
			return false;
	}
	return true;
}

static void
find_drops(Evidence *evidence)
{
	const CommitRecord *commit = evidence->ended->commit;
	bool in_order = drops_are_in_order(evidence);
	bool are_told = files_are_told(evidence);
	uint32_t database;
	uint32_t relation;

	for (uint32_t i = 0; i < commit->stats_count; i++)
	{
		Operation *operation;
		uint64_t key;

		if (!commit_dropped(commit, i, &database, &relation))
			continue;
		key = relation_key(database, relation);
		if (relation_set_has(&evidence->created, key))
			continue;
		operation = operations_add(evidence->operations, CHANGE_DROP, database, relation);
		if (in_order)
		{
			RelationFile file = commit_file(commit, commit->file_count - 1 - i);

			operation->filenode = file.number;
			operation->tablespace = file.tablespace;
		}
		else if (relation != 0 && relation_set_has(&evidence->removed, key))
			operation->filenode = relation;
		else if (relation != 0)
		{
			operation->has_no_file = are_told;
			evidence->has_unknown_file = true;
		}
	}
}

static void
find_rewrites(Evidence *evidence)
{
	const Ended *ended = evidence->ended;

	for (size_t i = 0; i < ended->relation_count; i++)
	{
		FlightRelation *relation = &ended->relations[i];
		uint64_t key = relation_key(relation->file.database, relation->file.number);
		uint32_t table;
		Operation *operation;

		if (relation->created == 0 || relation_set_has(&evidence->removed, key) ||
			!relation_set_has(&evidence->dropped, key))
			continue;
		evidence->has_unknown_file = true;
		relation->is_new = false;
		relation->is_transient = true;
		if (relation->is_toast)
			continue;
		table = rewritten_table(evidence, relation);
		operation = operations_add(evidence->operations, CHANGE_REWRITE, relation->file.database,
								   table);
		operation->new_filenode = relation->file.number;
		operation->tablespace = relation->file.tablespace;
		relation->operation = evidence->operations->count;
		if (table == 0)
			continue;
		relation_set_add(&evidence->rewritten, relation_key(relation->file.database, table));
		if (relation_set_has(&evidence->removed, relation_key(relation->file.database, table)))
			operation->filenode = table;
	}
}

/*
 * By the name of the transient table, or because no other was locked before it
 * and is defined anew; else 0.
 */
static uint32_t
rewritten_table(Evidence *evidence, const FlightRelation *transient)
{
	const Ended *ended = evidence->ended;
	uint32_t found = transient->rewrites;

	/* among so many there is hardly only one; and each transient table would look at all */
	if (found == 0 && ended->table_count > CANDIDATES_MAX)
		return 0;
	for (size_t i = 0; i < ended->table_count && transient->rewrites == 0; i++)
	{
		const FlightTable *table = &ended->tables[i];
		uint64_t key = relation_key(table->database, table->relation);

		if (table->lsn > transient->created || table->relation == found ||
			table->database != transient->file.database ||
			relation_set_has(&evidence->created, key) || relation_set_has(&evidence->dropped, key) ||
			!relation_set_has(&evidence->invalidated, key))
			continue;
		if (found != 0)
			return 0;
		found = table->relation;
	}
	return found;
}

/* A table that the transaction has made, or given a new file, is cut instead of getting another. */
static void
find_emptied(Evidence *evidence)
{
	const Ended *ended = evidence->ended;

	for (size_t i = 0; i < ended->relation_count; i++)
	{
		const FlightRelation *relation = &ended->relations[i];
		Operation *operation;

		/* VACUUM cuts files, too, but only those that were there */
		if (!relation->emptied || relation->created == 0 || relation->is_taken ||
			relation->is_toast || relation->other_pages)
			continue;
		if (relation->operation > 0)
		{
			evidence->operations->items[relation->operation - 1].kinds |= CHANGE_TRUNCATE;
			continue;
		}
		operation = operations_add(evidence->operations, CHANGE_TRUNCATE, relation->file.database,
								   relation->is_new ? relation->file.number : 0);
		operation->filenode = relation->file.number;
		operation->tablespace = relation->file.tablespace;
	}
}

/* At wal_level = logical, WAL names what is truncated. */
static void
find_told_truncations(Evidence *evidence)
{
	const Ended *ended = evidence->ended;

	for (size_t i = 0; i < evidence->operations->count; i++)
	{
		const Operation *operation = &evidence->operations->items[i];

		if ((operation->kinds & CHANGE_TRUNCATE) && operation->relation != 0)
			relation_set_add(&evidence->truncated,
							 relation_key(operation->database, operation->relation));
	}
	for (size_t i = 0; i < ended->table_count; i++)
	{
		const FlightTable *table = &ended->tables[i];
		uint64_t key = relation_key(table->database, table->relation);

		if (!table->truncated || relation_set_has(&evidence->truncated, key))
			continue;
		relation_set_add(&evidence->truncated, key);
		operations_add(evidence->operations, CHANGE_TRUNCATE, table->database, table->relation);
	}
}
