/*
 * known_relations.h
 *
 * What is known of the relations of one database: OIDs, files, and the table
 * that each belongs to.  WAL has files and OIDs alone.
 */
#ifndef RESCUE_KNOWN_RELATIONS_H
#define RESCUE_KNOWN_RELATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct KnownRelation
{
	uint32_t oid;
	uint32_t filenode; /* at some time; 0: none */
	uint32_t root;	   /* the table in whose name its changes are reported */
	bool is_part;	   /* index, TOAST table or sequence: its changes are nobody's */
} KnownRelation;

typedef struct KnownRelations KnownRelations;

/* Copies the relations. */
extern KnownRelations *known_relations_new(const KnownRelation *relations, size_t count);
extern void known_relations_free(KnownRelations *known);

/* The relation with this OID or, if that is 0, with this file; NULL: nobody knows */
extern const KnownRelation *known_relations_find(const KnownRelations *known, uint32_t oid,
												 uint32_t filenode);

/* WAL has told that the file is, or was, the relation's. */
extern void known_relations_learn(KnownRelations *known, uint32_t oid, uint32_t filenode);

#endif /* RESCUE_KNOWN_RELATIONS_H */
