/*
 * truncations.c
 *
 * Which tables got an empty file, and in place of which.  PostgreSQL gives
 * relations their files one after the other, and in the same order their
 * definitions change and their old files are put on the list of those to be
 * removed, whose last is its first.
 */
#include "wal/truncations.h"

#include <stdlib.h>

#include "base/memory.h"

/* A file in place of another */
typedef struct Replacement
{
	FlightRelation *relation;
	uint32_t oid;	   /* 0: not known */
	uint32_t old_file; /* 0: not known */
	uint32_t old_tablespace;
} Replacement;

typedef struct Replacements
{
	Replacement *items;
	size_t count;
} Replacements;

/* Files of a transaction among which one of the same tablespace is looked for */
#define FILES_MAX 100000

static void find_replacements(Evidence *evidence, Replacements *replacements);
static void find_oids(Evidence *evidence, Replacements *replacements);
static size_t changed_oids(Evidence *evidence, uint64_t *keys, size_t room);
static bool is_candidate(Evidence *evidence, uint64_t key);
static void find_oids_by_lock(Evidence *evidence, Replacements *replacements);
static void find_old_files(Evidence *evidence, Replacements *replacements);
static bool other_tablespace(const Evidence *evidence, const Replacement *replacement);
static int compare_created(const void *a, const void *b);

void
truncations_find(Evidence *evidence)
{
	Replacements replacements = {0};

	if (!evidence->ended->has_created || evidence->ended->commit->file_count == 0)
		return;
	find_replacements(evidence, &replacements);
	find_oids(evidence, &replacements);
	find_old_files(evidence, &replacements);
	for (size_t i = 0; i < replacements.count; i++)
	{
		const Replacement *replacement = &replacements.items[i];
		FlightRelation *relation = replacement->relation;
		bool has_moved = other_tablespace(evidence, replacement);
		Operation *operation;

		/* an index, or a sequence */
		if (relation->other_pages && !has_moved)
			continue;
		operation = operations_add(evidence->operations, has_moved ? CHANGE_REWRITE : CHANGE_TRUNCATE,
								   relation->file.database, replacement->oid);
		operation->filenode = replacement->old_file;
		operation->new_filenode = relation->file.number;
		operation->tablespace = relation->file.tablespace;
		relation->operation = evidence->operations->count;
	}
	free(replacements.items);
}

static void
find_replacements(Evidence *evidence, Replacements *replacements)
{
	const Ended *ended = evidence->ended;

	replacements->items = mem_alloc(ended->relation_count * sizeof(Replacement));
	for (size_t i = 0; i < ended->relation_count; i++)
	{
		FlightRelation *relation = &ended->relations[i];

		if (relation->created != 0 && !relation->is_new && !relation->is_transient &&
			!relation->is_taken)
			replacements->items[replacements->count++].relation = relation;
	}
	qsort(replacements->items, replacements->count, sizeof(Replacement), compare_created);
}

/* The definitions that change are those of the relations that got files, or more. */
static void
find_oids(Evidence *evidence, Replacements *replacements)
{
	uint64_t *keys = mem_alloc((replacements->count + 1) * sizeof(uint64_t));
	bool is_same = !evidence->is_disorderly &&
				   changed_oids(evidence, keys, replacements->count + 1) == replacements->count;

	for (size_t i = 0; i < replacements->count && is_same; i++)
		is_same = keys[i] >> 32 == replacements->items[i].relation->file.database;
	for (size_t i = 0; i < replacements->count && is_same; i++)
		replacements->items[i].oid = (uint32_t) keys[i];
	free(keys);
	if (!is_same)
		find_oids_by_lock(evidence, replacements);
}

/* Locked relations whose definitions change, in that order; at most as many as there is room for */
static size_t
changed_oids(Evidence *evidence, uint64_t *keys, size_t room)
{
	const CommitRecord *commit = evidence->ended->commit;
	bool *seen = mem_alloc(evidence->invalidated.count * sizeof(bool));
	size_t count = 0;
	uint32_t database;
	uint32_t relation;

	for (uint32_t i = 0; i < commit->invalidation_count && count < room; i++)
	{
		uint64_t key;
		long found;

		if (!commit_invalidated(commit, i, &database, &relation))
			continue;
		key = relation_key(database, relation);
		found = relation_set_find(&evidence->invalidated, key);
		if (found < 0 || seen[found] || !is_candidate(evidence, key))
			continue;
		seen[found] = true;
		keys[count++] = key;
	}
	free(seen);
	return count;
}

static bool
is_candidate(Evidence *evidence, uint64_t key)
{
	return relation_set_has(&evidence->locked, key) &&
		   relation_set_has(&evidence->invalidated, key) &&
		   !relation_set_has(&evidence->created, key) && !relation_set_has(&evidence->dropped, key) &&
		   !relation_set_has(&evidence->rewritten, key);
}

/* A file is made right after its relation is locked, if nothing else is locked since the one before. */
static void
find_oids_by_lock(Evidence *evidence, Replacements *replacements)
{
	const Ended *ended = evidence->ended;
	size_t next = 0;

	for (size_t i = 0; i < replacements->count; i++)
	{
		const FlightRelation *relation = replacements->items[i].relation;
		size_t locks = 0;
		uint32_t oid = 0;

		for (; next < ended->table_count && ended->tables[next].lsn < relation->created; next++)
		{
			const FlightTable *table = &ended->tables[next];

			if (table->truncated)
				continue;
			locks++;
			oid = table->database == relation->file.database &&
						  is_candidate(evidence, relation_key(table->database, table->relation))
					  ? table->relation
					  : 0;
		}
		if (locks == 1)
			replacements->items[i].oid = oid;
	}
}

static void
find_old_files(Evidence *evidence, Replacements *replacements)
{
	const CommitRecord *commit = evidence->ended->commit;
	RelationFile *files;
	size_t count = 0;

	if (evidence->is_disorderly || evidence->has_unknown_file)
		return;
	files = mem_alloc((replacements->count + 1) * sizeof(RelationFile));
	for (uint32_t i = commit->file_count; i > 0 && count <= replacements->count; i--)
	{
		RelationFile file = commit_file(commit, i - 1);
		uint64_t key = relation_key(file.database, file.number);

		/* those of dropped relations, and what the transaction itself has made */
		if (!relation_set_has(&evidence->dropped, key) && !relation_set_has(&evidence->created, key))
			files[count++] = file;
	}
	for (size_t i = 0; i < count && count == replacements->count; i++)
	{
		if (files[i].database != replacements->items[i].relation->file.database)
			count = 0;
	}
	for (size_t i = 0; i < replacements->count && count == replacements->count; i++)
	{
		replacements->items[i].old_file = files[i].number;
		replacements->items[i].old_tablespace = files[i].tablespace;
	}
	free(files);
}

/* ALTER ... SET TABLESPACE copies a file as it is. */
static bool
other_tablespace(const Evidence *evidence, const Replacement *replacement)
{
	const CommitRecord *commit = evidence->ended->commit;
	const RelationFile *file = &replacement->relation->file;

	if (replacement->old_file != 0)
		return replacement->old_tablespace != file->tablespace;
	/* each replacement would look at all */
	if (commit->file_count > FILES_MAX)
		return false;
	for (uint32_t i = 0; i < commit->file_count; i++)
	{
		if (commit_file(commit, i).tablespace == file->tablespace)
			return false;
	}
	return true;
}

static int
compare_created(const void *a, const void *b)
{
	uint64_t one = ((const Replacement *) a)->relation->created;
	uint64_t other = ((const Replacement *) b)->relation->created;

	return one < other ? -1 : one > other;
}
