/*
 * prepare_table.h
 *
 * A table of a restored server, as it shall come home.
 */
#ifndef RESCUE_PREPARE_TABLE_H
#define RESCUE_PREPARE_TABLE_H

#include "proof/psql_session.h"
#include "rescue/table_request.h"

/*
 * Makes the copy's table what shall come home: alone, with its new name, and
 * without what belongs to others.  NULL, or malloc'd text on what failed.
 */
extern char *rescue_table_rename(const DrillServer *server, const json_t *table,
								 const RescueTable *wanted);

/* Ends transactions that are prepared in the copy: they hold their locks. */
extern void rescue_end_prepared(const DrillServer *server, const json_t *table);

/* Takes the copy's table from its "no_inherit".  NULL, or malloc'd text on what failed. */
extern char *rescue_table_part(const DrillServer *server, const json_t *table);

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

#endif /* RESCUE_PREPARE_TABLE_H */
