/*
 * relation_name.h
 *
 * The relations of a restored server that a caller names.
 */
#ifndef PROOF_RELATION_NAME_H
#define PROOF_RELATION_NAME_H

#include <stddef.h>

#include <jansson.h>

#include "proof/session.h"

/* One name of the caller's, and what came of it. */
typedef struct DrillRelation
{
	const char *text;			/* one or two parts, as SQL reads it */
	const char *hex;			/* its bytes in a database of SQL_ASCII, where the text only describes it; or NULL */
	char	   *oid;			/* malloc'd: SQL of its OID, of digits alone; NULL: the text is no name */
	char	   *difference;		/* malloc'd: why it is not such a relation; NULL: it is one */
} DrillRelation;

/* Of what a caller gives: {"relation", "name_hex"} */
extern void drill_relation_set(DrillRelation *relation, const json_t *given);

/*
 * Read the names, and ask whether each is a relation of these kinds, of
 * pg_class.relkind.  what: such a relation in words.
 */
extern void drill_relations_find(const DrillServer *server, DrillRelation *relations, size_t count,
								 const char *kinds, const char *what);

#endif							/* PROOF_RELATION_NAME_H */
