/*
 * lost_table.h
 *
 * The table that is wanted of a restored server.
 */
#ifndef RESCUE_LOST_TABLE_H
#define RESCUE_LOST_TABLE_H

#include "proof/session.h"
#include "rescue/request.h"

/*
 * What the table is, as JSON: "oid", "kind", "schema", "name", "owner";
 * "tables", it and its partitions; "columns", those that are not generated;
 * "format" of COPY; "sequences", "foreign_keys", "triggers", "rules", "grants",
 * "statistics", "needs", "prepared".  NULL: *error has why, malloc'd, and
 * *hint, static or NULL.
 */
extern json_t *rescue_table_find(const DrillServer *server, const RescueRequest *request,
								 char **error, const char **hint);

/*
 * Makes the copy's table what shall come home: alone, with its new name, and
 * without what belongs to others.  NULL, or malloc'd text on what failed.
 */
extern char *rescue_table_rename(const DrillServer *server, const json_t *table,
								 const RescueRequest *request);

/* malloc'd: what an index or a sequence of the table is called at home */
extern char *rescue_home_name(const json_t *table, const RescueRequest *request, const char *name);

/* malloc'd: SQL of a qualified name, in hexadecimal */
extern char *rescue_qualified(const char *schema, const char *name);

#endif /* RESCUE_LOST_TABLE_H */
