/*
 * drill_relation.h
 *
 * The names of relations, as they come from the caller.
 */
#ifndef DRILL_RELATION_H
#define DRILL_RELATION_H

#include <stdbool.h>

/*
 * Read a name of one or two parts as SQL reads it: *name is SQL of it, of digits
 * alone, and *kind_query the question for its relkind; both malloc'd.  False if
 * it is no such name.
 */
extern bool drill_relation(const char *text, char **name, char **kind_query);

#endif							/* DRILL_RELATION_H */
