/*
 * table_order.h
 *
 * In which order tables that come home together are made.
 */
#ifndef RESCUE_TABLE_ORDER_H
#define RESCUE_TABLE_ORDER_H

#include <jansson.h>
#include <stdbool.h>

#include "rescue/table_request.h"

typedef struct WantedTable
{
	RescueTable wanted; /* with both names at home */
	json_t *found;		/* rescue_table_find() */
} WantedTable;

/*
 * Puts a table behind those whose row types, sequences or columns it needs, and,
 * where that can be, behind those that its foreign keys refer to.  What it gets
 * from another is no "need" of it any more; parents from which it cannot inherit
 * at home become its "no_inherit".  False: *error has which need each other,
 * malloc'd, and *hint what to do.
 */
extern bool wanted_tables_order(WantedTable *tables, size_t count, char **error, const char **hint);

#endif /* RESCUE_TABLE_ORDER_H */
