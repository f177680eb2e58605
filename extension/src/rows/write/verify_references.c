/*-------------------------------------------------------------------------
 *
 * verify_references.c
 *	  Foreign keys that cannot be deferred, to rows that are made later in the same call.
 *
 * Their check of each row is left out; before the call ends, all rows of the table are
 * looked up at once.  A row without the row it refers to must never outlive the call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "rows/write/circle.h"

static void verify(RowsKey *key);
static char *query_of(ForeignKeyCacheInfo *info);

/* The promised rows of a table are there (InvalidOid: all promised rows). */
void
rows_verify(RowsCircle *circle, Oid parent)
{
	ListCell *cell;

	foreach (cell, circle->unverified)
	{
		RowsKey *key = lfirst(cell);

		if (OidIsValid(parent) && key->info->confrelid != parent)
			continue;
		verify(key);
		circle->unverified = foreach_delete_current(circle->unverified, cell);
	}
}

static void
verify(RowsKey *key)
{
	bool found;

	SPI_connect();
	if (SPI_execute(query_of(key->info), false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not verify foreign key %u", key->info->conoid);
	found = SPI_processed > 0;
	SPI_finish();
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("rows of table \"%s\" violate foreign key constraint \"%s\"",
						get_rel_name(key->info->conrelid), get_constraint_name(key->info->conoid)),
				 errdetail("Rows of \"%s\" that they refer to were not made as planned; a trigger may have changed them.",
						   get_rel_name(key->info->confrelid)),
				 errhint(
					 "Make the constraint DEFERRABLE, or insert a first row into each of the tables.")));
}

/* One row that refers to none. */
static char *
query_of(ForeignKeyCacheInfo *info)
{
	StringInfoData query;
	StringInfoData set;

	initStringInfo(&query);
	initStringInfo(&set);
	appendStringInfo(&query, "SELECT 1 FROM %s AS c WHERE NOT EXISTS (SELECT FROM %s AS p WHERE true",
					 rows_table_of(info->conrelid), rows_table_of(info->confrelid));
	for (int i = 0; i < info->nkeys; i++)
	{
		const char *column = quote_identifier(get_attname(info->conrelid, info->conkey[i], false));
		const char *key = quote_identifier(get_attname(info->confrelid, info->confkey[i], false));

		appendStringInfoString(&query, " AND ");
		generate_operator_clause(&query, psprintf("p.%s", key),
								 get_atttype(info->confrelid, info->confkey[i]), info->conpfeqop[i],
								 psprintf("c.%s", column),
								 get_atttype(info->conrelid, info->conkey[i]));
		appendStringInfo(&set, " AND c.%s IS NOT NULL", column);
	}
	appendStringInfo(&query, ")%s", set.data);
	return query.data;
}
