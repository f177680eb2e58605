/*
 * lost_table.h
 *
 * A table that is wanted of a restored server.
 */
#ifndef RESCUE_LOST_TABLE_H
#define RESCUE_LOST_TABLE_H

#include "proof/psql_session.h"
#include "rescue/table_request.h"

/*
 * What the table is, as JSON: "oid", "kind", "schema", "name", "owner";
 * "tables", it and its partitions; "columns", those that are not generated;
 * "format" of COPY; "sequences", "foreign_keys", "triggers", "rules", "grants",
 * "statistics", "needs", "prepared".  NULL: *error has why, malloc'd, and
 * *hint, static or NULL.
 */
extern json_t *rescue_table_find(const DrillServer *server, const RescueRequest *request,
								 const RescueTable *wanted, char **error, const char **hint);

#endif /* RESCUE_LOST_TABLE_H */
