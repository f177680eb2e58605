/*-------------------------------------------------------------------------
 *
 * mark_tables.c
 *	  The tables in a mark: finds, checks and locks them.
 *
 * A table that a mark of all tables leaves out must be reported.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_largeobject.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/settings.h"
#include "proof/mark.h"

static void rename_as_locked(PocMark *mark, PocMarkedTable *table);
static void check_all_found(List *tables, ArrayType *named);
static bool is_too_large(PocMark *mark, PocMarkedTable *table);
static void check_select(PocMarkedTable *table);
static const char *why_not_markable(PocMark *mark, Oid relid);

/*
 * Finds the named tables, or all of the database: those that store rows
 * (partitions, not their parents), each once (children with their parents),
 * and that a backup contains.
 */
void
poc_mark_find_tables(PocMark *mark, ArrayType *named)
{
	static const char
		query[] = "SELECT c.oid, format('%I.%I', n.nspname, c.relname), "
				  "       (WITH RECURSIVE tree(oid) AS (SELECT c.oid UNION ALL SELECT i.inhrelid FROM pg_inherits AS i JOIN tree AS t ON i.inhparent = t.oid) "
				  "        SELECT sum(pg_table_size(t.oid))::bigint FROM tree AS t) "
				  "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
				  "WHERE CASE WHEN $1 IS NOT NULL THEN c.oid = ANY ($1) "
				  "  ELSE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND (c.relkind <> 'm' OR c.relispopulated) "
				  "   AND " POC_MARK_OF_THE_USER
				  "   AND NOT EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid AND p.relkind = 'r' AND p.relpersistence = 'p') "
				  "  END "
				  "ORDER BY c.oid";
	Oid types[] = {REGCLASSARRAYOID};
	Datum values[] = {PointerGetDatum(named)};
	char nulls[] = {named == NULL ? 'n' : ' ', '\0'};
	MemoryContext ours = GetMemoryChunkContext(mark);

	if (SPI_execute_with_args(query, 1, types, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look for tables");

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		MemoryContext old = MemoryContextSwitchTo(ours);
		PocMarkedTable *table = palloc0(sizeof(PocMarkedTable));
		bool isnull;

		table->relid = DatumGetObjectId(SPI_getbinval(row, desc, 1, &isnull));
		table->name = TextDatumGetCString(SPI_getbinval(row, desc, 2, &isnull));
		table->bytes = DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull));
		if (isnull)
			table->bytes = 0; /* dropped meanwhile; the lock will show that */
		if (named != NULL || !is_too_large(mark, table))
			mark->tables = lappend(mark->tables, table);
		MemoryContextSwitchTo(old);
	}

	if (named != NULL)
		check_all_found(mark->tables, named);
}

/*
 * Locks the tables and their children.  A table that cannot be in the mark raises an
 * error if it was named; otherwise it is left out, and a NOTICE says so.
 */
void
poc_mark_lock_tables(PocMark *mark, bool named)
{
	MemoryContext ours = GetMemoryChunkContext(mark);
	List *locked = NIL;
	ListCell *cell;

	foreach (cell, mark->tables)
	{
		PocMarkedTable *table = lfirst(cell);
		const char *why;
		MemoryContext old;

		/* a caller without SELECT must not block writers of the table */
		check_select(table);
		LockRelationOid(table->relid, ShareLock);
		rename_as_locked(mark, table);
		if (table->relid == LargeObjectRelationId)
			poc_mark_wait_for_removals();

		why = why_not_markable(mark, table->relid);
		if (why == NULL)
		{
			/* it is read after SPI_finish() */
			old = MemoryContextSwitchTo(ours);
			locked = lappend(locked, table);
			MemoryContextSwitchTo(old);
		}
		else if (named)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("%s cannot be marked", table->name),
					 errdetail_internal("%s", why),
					 errhint("Name ordinary tables, partitioned tables or materialized views.")));
		else
		{
			ereport(NOTICE, (errmsg("table %s is not in the mark", table->name),
							 errdetail_internal("%s", why)));
			poc_mark_leave_out(mark, psprintf("table %s: %s", table->name, why), true);
		}
	}
	mark->tables = locked;
}

/* While we waited for the lock, the table may have been renamed. */
static void
rename_as_locked(PocMark *mark, PocMarkedTable *table)
{
	char *name = get_rel_name(table->relid);
	char *schema = name != NULL ? get_namespace_name(get_rel_namespace(table->relid)) : NULL;

	if (schema != NULL)
		table->name = MemoryContextStrdup(GetMemoryChunkContext(mark),
										  quote_qualified_identifier(schema, name));
}

static void
check_all_found(List *tables, ArrayType *named)
{
	Datum *relids;
	bool *nulls;
	int n;

	deconstruct_array(named, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT, &relids, &nulls, &n);
	if (n == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("no tables to mark"),
						errdetail("The array of tables is empty."),
						errhint("Name tables, or give no array for all tables of the database.")));
	for (int i = 0; i < n; i++)
	{
		bool found = false;
		ListCell *cell;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a table to mark must not be null"),
					 errhint("Name tables, or give no array for all tables of the database.")));
		foreach (cell, tables)
			found = found || ((PocMarkedTable *) lfirst(cell))->relid == DatumGetObjectId(relids[i]);
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation with OID %u does not exist", DatumGetObjectId(relids[i]))));
	}
}

/* Is the table above the size limit?  If so, reports that it is left out. */
static bool
is_too_large(PocMark *mark, PocMarkedTable *table)
{
	if (poc_mark_size_limit < 0 || table->bytes <= (int64) poc_mark_size_limit * 1024 * 1024)
		return false;
	ereport(NOTICE,
			(errmsg("table %s is larger than poc_barman.mark_size_limit and not in the mark",
					table->name),
			 errdetail("It has " INT64_FORMAT " MB; the limit is %d MB.",
					   table->bytes / (1024 * 1024), poc_mark_size_limit),
			 errhint(
				 "Set poc_barman.mark_size_limit to a larger size, or to -1, or name the tables to mark.")));
	poc_mark_leave_out(mark,
					   psprintf("table %s: it is larger than poc_barman.mark_size_limit", table->name),
					   true);
	return true;
}

static void
check_select(PocMarkedTable *table)
{
	Oid user = GetUserId();

	if (pg_class_aclcheck(table->relid, user, ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(table->relid, user, ACL_SELECT, ACLMASK_ALL) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", table->name),
				 errdetail("A mark reads whole tables with the privileges of its caller."),
				 errhint("GRANT SELECT ON %s, GRANT pg_read_all_data, or name the tables to mark.",
						 table->name)));
}

/*
 * Returns NULL for a table whose contents a backup contains and our locks freeze, or
 * else the reason.  The table is already locked; this locks its children.
 */
static const char *
why_not_markable(PocMark *mark, Oid relid)
{
	char kind = get_rel_relkind(relid);
	ListCell *cell;

	if (kind == '\0')
		return "It was dropped meanwhile.";
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_MATVIEW)
		return "It holds no rows of its own.";
	if (IsCatalogRelationOid(relid) && relid != LargeObjectRelationId)
		return "It is a system catalog.";
	if (getExtensionOfObject(RelationRelationId, relid) ==
		getExtensionOfObject(RelationRelationId, mark->storage))
		return "It belongs to poc_barman, and the mark itself changes it.";

	foreach (cell, find_all_inheritors(relid, ShareLock, NULL))
	{
		Oid member = lfirst_oid(cell);

		if (get_rel_relkind(member) == RELKIND_FOREIGN_TABLE)
			return psprintf("%s is a foreign table, whose rows no backup of this server has.",
							get_rel_name(member));
		if (get_rel_persistence(member) != RELPERSISTENCE_PERMANENT)
			return psprintf("%s is not permanent, so that no backup has its rows.",
							get_rel_name(member));
	}
	return NULL;
}
