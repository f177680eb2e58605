/*
 * relation_set.h
 *
 * Sets of relations, by database and number, to look up in logarithmic time.
 */
#ifndef WAL_RELATION_SET_H
#define WAL_RELATION_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct RelationSet
{
	uint64_t *keys; /* malloc'd */
	size_t count;
	size_t room;
	bool is_sorted;
} RelationSet;

extern void relation_set_add(RelationSet *set, uint64_t key);
extern bool relation_set_has(RelationSet *set, uint64_t key);

/* The same number below count for equal keys, until one is added; -1: there is none */
extern long relation_set_find(RelationSet *set, uint64_t key);
extern void relation_set_free(RelationSet *set);

#endif /* WAL_RELATION_SET_H */
