/*
 * home_names.h
 *
 * What a table, and what belongs to it, is called where it comes home to.
 */
#ifndef RESCUE_HOME_NAMES_H
#define RESCUE_HOME_NAMES_H

#include <stddef.h>

#include <jansson.h>

#include "rescue/table_request.h"

/*
 * Adds the names that the table and what moves with it have at home to an
 * object of names.  NULL, or malloc'd words: another table has one of them.
 */
extern char *rescue_take_names(const json_t *table, const RescueTable *wanted, json_t *taken);

/* malloc'd: what an index or a sequence of the table is called at home */
extern char *rescue_home_name(const json_t *table, const RescueTable *wanted, const char *name);

/* malloc'd: SQL of the name that the table has in the copy once it was renamed */
extern char *rescue_name_in_copy(const json_t *table, const RescueTable *wanted);

/* malloc'd: SQL of a qualified name, in hexadecimal */
extern char *rescue_qualified(const char *schema, const char *name);

/* malloc'd: what one of the objects is called at home; partitions keep their names */
extern char *rescue_new_name(const json_t *objects, size_t i, const json_t *table,
							 const RescueTable *wanted);

#endif /* RESCUE_HOME_NAMES_H */
