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

#endif /* RESCUE_PREPARE_TABLE_H */
