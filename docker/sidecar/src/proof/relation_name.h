/*
 * relation_name.h
 *
 * The relations of a restored server that a caller names.
 */
#ifndef PROOF_RELATION_NAME_H
#define PROOF_RELATION_NAME_H

#include <stddef.h>

#include "proof/drill_request.h"
#include "proof/psql_session.h"

/* A name from the caller, and its result */
typedef struct DrillRelation
{
	const DrillName *name;
	char *oid;		  /* malloc'd: SQL of its OID, in hexadecimal; NULL: no name */
	char *difference; /* malloc'd: why it is not such a relation; NULL: it is one */
} DrillRelation;

/*
 * Parses the names, and queries whether each is a relation of these kinds of
 * pg_class.relkind.  what: a word for such a relation, for messages.
 */
extern void drill_relations_find(const DrillServer *server, DrillRelation *relations, size_t count,
								 const char *kinds, const char *what);

#endif /* PROOF_RELATION_NAME_H */
