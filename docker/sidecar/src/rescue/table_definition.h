/*
 * table_definition.h
 *
 * The definition of a table of a restored server, as pg_dump writes it.
 */
#ifndef RESCUE_TABLE_DEFINITION_H
#define RESCUE_TABLE_DEFINITION_H

#include "proof/psql_session.h"
#include "rescue/table_request.h"

/*
 * What the client makes the table from: "before" and "after" its rows are SQL,
 * the rest is of rescue_table_find().  NULL: *error has why, malloc'd.
 */
extern json_t *rescue_definition(const DrillServer *server, const json_t *table,
								 const RescueTable *wanted, char **error);

/* Cuts the lines off the text that only psql understands, in place; returns its begin. */
extern char *rescue_without_psql(char *text);

#endif /* RESCUE_TABLE_DEFINITION_H */
