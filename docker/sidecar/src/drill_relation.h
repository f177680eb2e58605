/*
 * drill_relation.h
 *
 * The relations of a restored server that a caller names.
 */
#ifndef DRILL_RELATION_H
#define DRILL_RELATION_H

#include <stddef.h>

#include "drill_session.h"

/* One name of the caller's, and what came of it. */
typedef struct DrillRelation
{
	const char *text;			/* one or two parts, as SQL reads it */
	char	   *name;			/* malloc'd: SQL of it, of digits alone; NULL: it is none */
	char	   *oid;			/* malloc'd: the same, of its OID */
	char	   *difference;		/* malloc'd: why it is not such a relation; NULL: it is one */
} DrillRelation;

/*
 * Read the names, and ask whether each is a relation of these kinds, of
 * pg_class.relkind.  what: such a relation in words.
 */
extern void drill_relations_find(const DrillServer *server, DrillRelation *relations, size_t count,
								 const char *kinds, const char *what);

#endif							/* DRILL_RELATION_H */
