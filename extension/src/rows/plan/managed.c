/*-------------------------------------------------------------------------
 *
 * managed.c
 *	  Tables whose rows an extension stores: only the executor may write to them.
 *
 * Citus and TimescaleDB store rows outside the named table, and direct writes to it
 * would be lost.  Only a catalog that belongs to an extension counts, because any user
 * can create a table of the same name; and only a superuser's is read, because who owns an
 * extension may add a table to it, and a query evaluates what its owner makes of that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/sibling.h"
#include "rows/plan/steps.h"

/* A catalog in which an extension lists its tables. */
typedef struct RowsCatalog
{
	const char *extension;
	const char *schema;
	const char *table;
	const char *condition; /* $1 and $2 are the schema and the name of a table */
} RowsCatalog;

static const RowsCatalog catalogs[] = {
	{"citus", "pg_catalog", "pg_dist_partition",
	 "logicalrelid OPERATOR(pg_catalog.=) pg_catalog.format('%I.%I', $1, $2)::pg_catalog.regclass"},
	{"timescaledb", "_timescaledb_catalog", "hypertable",
	 "schema_name OPERATOR(pg_catalog.=) $1 AND table_name OPERATOR(pg_catalog.=) $2"},
	{"timescaledb", "_timescaledb_catalog", "chunk",
	 "schema_name OPERATOR(pg_catalog.=) $1 AND table_name OPERATOR(pg_catalog.=) $2"},
};

static bool is_listed(Relation rel, const RowsCatalog *catalog);
static bool may_read(Oid table);

/* Description of who stores the rows of the table; NULL: PostgreSQL itself. */
const char *
rows_manager(Relation rel)
{
	if (rel->rd_rel->relkind == RELKIND_RELATION && rel->rd_rel->relam != HEAP_TABLE_AM_OID)
		return psprintf("the access method %s keeps its rows", get_am_name(rel->rd_rel->relam));
	if (rel->rd_islocaltemp)
		return NULL;
	/* the table may be a shard, which no catalog lists by name */
	if (OidIsValid(get_extension_oid("citus", true)))
		return "citus may distribute its rows";
	for (int i = 0; i < lengthof(catalogs); i++)
	{
		if (is_listed(rel, &catalogs[i]))
			return psprintf("%s keeps its rows", catalogs[i].extension);
	}
	return NULL;
}

static bool
is_listed(Relation rel, const RowsCatalog *catalog)
{
	Oid types[] = {NAMEOID, NAMEOID};
	Datum values[2];
	NameData names[2];
	Oid schema = get_namespace_oid(catalog->schema, true);
	Oid table = OidIsValid(schema) ? get_relname_relid(catalog->table, schema) : InvalidOid;
	char *query;
	bool listed;

	if (!OidIsValid(table) || get_rel_relkind(table) != RELKIND_RELATION ||
		!OidIsValid(getExtensionOfObject(RelationRelationId, table)))
		return false;
	/* who may not read the catalog cannot know that the table is absent */
	if (!may_read(table))
		return true;

	namestrcpy(&names[0], get_namespace_name(RelationGetNamespace(rel)));
	namestrcpy(&names[1], RelationGetRelationName(rel));
	values[0] = NameGetDatum(&names[0]);
	values[1] = NameGetDatum(&names[1]);
	query = psprintf("SELECT FROM %s WHERE %s",
					 quote_qualified_identifier(catalog->schema, catalog->table), catalog->condition);
	SPI_connect();
	if (SPI_execute_with_args(query, lengthof(types), types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read table \"%s\"", catalog->table);
	listed = SPI_processed > 0;
	SPI_finish();
	return listed;
}

/* Does that take SELECT alone, and run no code of others: casts, policies, constants of indexes? */
static bool
may_read(Oid table)
{
	Oid owner = poc_owner_of(table);

	return (owner == GetUserId() || superuser_arg(owner)) &&
		   pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}
