/*
 * known_relations.c
 *
 * Two hash tables, by OID and by file, over one growing array.  What was there
 * first stays: a file that is reused belongs to whoever had it, because an OID
 * is told beside it wherever it matters.
 */
#include "rescue/known_relations.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* WAL may name files without end */
#define LEARNT_MAX 1000000

/* An empty slot of a table; otherwise the number of a relation, from 1 on */
#define EMPTY 0

struct KnownRelations
{
	KnownRelation *relations;
	size_t count;
	size_t room;
	uint32_t *by_oid;
	uint32_t *by_file;
	size_t slots; /* of each table, a power of two, at most half full */
};

static void add(KnownRelations *known, const KnownRelation *relation);
static void grow(KnownRelations *known);
static uint32_t *slot_of(const KnownRelations *known, bool by_file, uint32_t key);

KnownRelations *
known_relations_new(const KnownRelation *relations, size_t count)
{
	KnownRelations *known = mem_alloc(sizeof(KnownRelations));

	for (size_t i = 0; i < count; i++)
		add(known, &relations[i]);
	return known;
}

void
known_relations_free(KnownRelations *known)
{
	if (known == NULL)
		return;
	free(known->relations);
	free(known->by_oid);
	free(known->by_file);
	free(known);
}

const KnownRelation *
known_relations_find(const KnownRelations *known, uint32_t oid, uint32_t filenode)
{
	uint32_t number = EMPTY;

	if (known->slots == 0)
		return NULL;
	if (oid != 0)
		number = *slot_of(known, false, oid);
	else if (filenode != 0)
		number = *slot_of(known, true, filenode);
	return number != EMPTY ? &known->relations[number - 1] : NULL;
}

void
known_relations_learn(KnownRelations *known, uint32_t oid, uint32_t filenode)
{
	const KnownRelation *relation = known_relations_find(known, oid, 0);
	KnownRelation learnt;

	if (known->count >= LEARNT_MAX || oid == 0 || filenode == 0 || relation == NULL ||
		known_relations_find(known, 0, filenode) != NULL)
		return;
	learnt = *relation;
	learnt.filenode = filenode;
	add(known, &learnt);
}

static void
add(KnownRelations *known, const KnownRelation *relation)
{
	uint32_t *slot;

	if (known->count == known->room)
		grow(known);
	known->relations[known->count++] = *relation;
	slot = slot_of(known, false, relation->oid);
	if (*slot == EMPTY)
		*slot = (uint32_t) known->count;
	if (relation->filenode != 0)
	{
		slot = slot_of(known, true, relation->filenode);
		if (*slot == EMPTY)
			*slot = (uint32_t) known->count;
	}
}

/* Doubles the array and makes both tables anew. */
static void
grow(KnownRelations *known)
{
	size_t count = known->count;

	known->room = known->room > 0 ? known->room * 2 : 64;
	known->relations = mem_realloc(known->relations, known->room * sizeof(KnownRelation));
	free(known->by_oid);
	free(known->by_file);
	known->slots = known->room * 2;
	known->by_oid = mem_alloc(known->slots * sizeof(uint32_t));
	known->by_file = mem_alloc(known->slots * sizeof(uint32_t));
	known->count = 0;
	for (size_t i = 0; i < count; i++)
	{
		KnownRelation relation = known->relations[i];

		add(known, &relation);
	}
}

/* The slot that holds the key, or the empty one where it belongs */
static uint32_t *
slot_of(const KnownRelations *known, bool by_file, uint32_t key)
{
	uint32_t *table = by_file ? known->by_file : known->by_oid;
	size_t i = (key * UINT32_C(2654435769)) & (known->slots - 1);

	while (table[i] != EMPTY)
	{
		const KnownRelation *relation = &known->relations[table[i] - 1];

		if ((by_file ? relation->filenode : relation->oid) == key)
			break;
		i = (i + 1) & (known->slots - 1);
	}
	return &table[i];
}
