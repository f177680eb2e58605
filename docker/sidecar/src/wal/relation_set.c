/*
 * relation_set.c
 *
 * An array that is sorted when it is first asked.
 */
#include "wal/relation_set.h"

#include <stdlib.h>

#include "base/memory.h"

static int compare_keys(const void *a, const void *b);

void
relation_set_add(RelationSet *set, uint64_t key)
{
	if (set->count == set->room)
	{
		set->room = set->room > 0 ? set->room * 2 : 16;
		set->keys = mem_realloc(set->keys, set->room * sizeof(uint64_t));
	}
	set->keys[set->count++] = key;
	set->is_sorted = false;
}

bool
relation_set_has(RelationSet *set, uint64_t key)
{
	return relation_set_find(set, key) >= 0;
}

long
relation_set_find(RelationSet *set, uint64_t key)
{
	const uint64_t *found;

	if (set->count == 0)
		return -1;
	if (!set->is_sorted)
		qsort(set->keys, set->count, sizeof(uint64_t), compare_keys);
	set->is_sorted = true;
	found = bsearch(&key, set->keys, set->count, sizeof(uint64_t), compare_keys);
	return found != NULL ? found - set->keys : -1;
}

void
relation_set_free(RelationSet *set)
{
	free(set->keys);
	*set = (RelationSet){0};
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *) a;
	uint64_t other = *(const uint64_t *) b;

	return one < other ? -1 : one > other;
}
