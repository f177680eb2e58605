/*
 * wanted_tables.h
 *
 * The tables that a rescue wants, found in the restored server.
 */
#ifndef RESCUE_WANTED_TABLES_H
#define RESCUE_WANTED_TABLES_H

#include "proof/psql_session.h"
#include "rescue/table_order.h"
#include "rescue/table_request.h"

typedef struct WantedTables
{
	WantedTable *all;
	size_t count;
	json_t *left_out; /* of whole schemas: texts */
	size_t left_count;
} WantedTables;

/*
 * All of them, with those that inherit from them, in an order in which they can
 * be made.  *error is NULL, or has
 * why one cannot be had, malloc'd, and *hint what to do; wanted_tables_clear()
 * frees in both cases.  Of a whole schema it is left out, and listed, what
 * cannot be rescued, and what is no table.
 */
extern WantedTables wanted_tables_find(const DrillServer *server, const RescueRequest *request,
									   char **error, const char **hint);
extern void wanted_tables_clear(WantedTables *tables);

#endif /* RESCUE_WANTED_TABLES_H */
