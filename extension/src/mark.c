/*-------------------------------------------------------------------------
 *
 * mark.c
 *	  poc_mark(): a restore point, and what was in the tables at that point.
 *
 * Must never read a table with other rights than the caller's, nor leave a
 * way to store a mark whose fingerprints were not taken here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/pg_lsn.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "settings.h"

/* One table of a mark. */
typedef struct MarkedTable
{
	Oid			relid;
	char	   *name;			/* with its schema, quoted */
	int64		bytes;
	int64		rows;
	char	   *hash;
} MarkedTable;

/* A mark, as it is stored. */
typedef struct Mark
{
	char	   *name;
	char	   *schema;			/* of the extension, quoted */
	Oid			storage;		/* _poc_marks */
	Oid			owner;			/* and its owner */
	List	   *tables;			/* of MarkedTable */
	XLogRecPtr	lsn;
	TimestampTz at;
} Mark;

static char *mark_name(FunctionCallInfo fcinfo);
static void require_fit_transaction(void);
static Mark *start_mark(char *name, Oid function);
static Oid	owner_of(Oid relid);
static void reserve_name(Mark *mark);
static void find_tables(Mark *mark, ArrayType *named);
static void check_all_found(List *tables, ArrayType *named);
static bool is_too_large(MarkedTable *table);
static void lock_tables(Mark *mark, bool named);
static void check_select(MarkedTable *table);
static const char *why_not_markable(Mark *mark, Oid relid);
static void fingerprint_table(Mark *mark, MarkedTable *table);
static void store_mark(Mark *mark);
static void run(const char *command, int nargs, Oid *types, Datum *values, int expected);
static Datum mark_row(FunctionCallInfo fcinfo, Mark *mark);

PG_FUNCTION_INFO_V1(poc_mark);

/*
 * poc_mark(name text, tables regclass[], OUT name, OUT lsn, OUT at, OUT tables, OUT rows)
 */
Datum
poc_mark(PG_FUNCTION_ARGS)
{
	char	   *name = mark_name(fcinfo);
	ArrayType  *named = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
	Mark	   *mark;
	int			nest_level;
	ListCell   *cell;

	require_fit_transaction();

	/* No policy may hide rows: rather an error than a part for the whole. */
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("row_security", "off",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	mark = start_mark(name, fcinfo->flinfo->fn_oid);
	SPI_connect();

	reserve_name(mark);
	find_tables(mark, named);
	lock_tables(mark, named != NULL);
	foreach(cell, mark->tables)
		fingerprint_table(mark, lfirst(cell));

	/*
	 * Whoever changed one of these tables has committed before we got its
	 * lock, and whoever will change it commits after we have released it: at
	 * this position of the WAL the tables hold what we have read.
	 */
	mark->at = GetCurrentTimestamp();
	mark->lsn = XLogRestorePoint(mark->name);
	store_mark(mark);

	SPI_finish();
	AtEOXact_GUC(true, nest_level);
	PG_RETURN_DATUM(mark_row(fcinfo, mark));
}

/*
 * The name ends up in WAL and in the configuration of restored servers, where
 * Barman does not quote it.
 */
static char *
mark_name(FunctionCallInfo fcinfo)
{
	char	   *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (name[0] == '\0' || name[0] == '.' || name[0] == '-' ||
		strlen(name) >= MAXFNAMELEN || name[strspn(name, allowed)] != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid name of a mark: \"%s\"", name),
				 errdetail("It consists of 1 to %d letters, digits and the characters \"_\", \".\" and \"-\", and begins with none of the last two.",
						   MAXFNAMELEN - 1),
				 errhint("For example: SELECT * FROM poc_mark('before_upgrade')")));
	return name;
}

static void
require_fit_transaction(void)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("recovery is in progress"),
				 errdetail("A standby creates no restore points of its own."),
				 errhint("Call this function on the primary.")));
	if (!XLogIsNeeded())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("WAL level not sufficient for creating a restore point"),
				 errhint("wal_level must be set to \"replica\" or \"logical\" at server start.")));

	/*
	 * What this transaction has changed already is committed after the
	 * restore point: we would see it, the restored server would not.
	 */
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a mark must be the first change of its transaction"),
				 errdetail("What this transaction has changed before would not be there after a restore to the mark."),
				 errhint("Call poc_mark() in a transaction of its own.")));

	/* And what others have committed since an old snapshot, we would not see. */
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a mark must not be set at isolation level \"%s\"",
						GetConfigOption("transaction_isolation", false, false)),
				 errdetail("The snapshot may be older than the locks on the tables."),
				 errhint("Call poc_mark() at isolation level \"read committed\".")));
}

static Mark *
start_mark(char *name, Oid function)
{
	Mark	   *mark = palloc0(sizeof(Mark));
	Oid			schema = get_func_namespace(function);

	mark->name = name;
	mark->schema = pstrdup(quote_identifier(get_namespace_name(schema)));
	mark->storage = get_relname_relid("_poc_marks", schema);
	if (!OidIsValid(mark->storage))
		elog(ERROR, "table _poc_marks is missing");
	mark->owner = owner_of(mark->storage);
	return mark;
}

static Oid
owner_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * A second mark of this name waits here for the end of the first one, before
 * its restore point could be mistaken for that of the first.
 */
static void
reserve_name(Mark *mark)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(mark->name)};
	uint32		key = hash_bytes((unsigned char *) mark->name, strlen(mark->name));
	Oid			user;
	int			context;
	bool		taken;

	LockDatabaseObject(mark->storage, key, 0, ExclusiveLock);

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(mark->owner, context | SECURITY_LOCAL_USERID_CHANGE);
	run(psprintf("SELECT FROM %s._poc_marks WHERE name = $1", mark->schema),
		1, types, values, SPI_OK_SELECT);
	taken = SPI_processed > 0;
	SetUserIdAndSecContext(user, context);

	if (taken)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("mark \"%s\" exists already", mark->name),
				 errhint("Choose another name, or forget that mark: DELETE FROM poc_marks WHERE name = %s",
						 quote_literal_cstr(mark->name))));
}

/*
 * The tables named, or all of the database: those that hold rows (partitions,
 * not their parents), each once (children with their parents), and that a
 * backup brings back.
 */
static void
find_tables(Mark *mark, ArrayType *named)
{
	static const char query[] =
		"SELECT c.oid, format('%I.%I', n.nspname, c.relname), "
		"       (WITH RECURSIVE tree(oid) AS (SELECT c.oid UNION ALL SELECT i.inhrelid FROM pg_inherits AS i JOIN tree AS t ON i.inhparent = t.oid) "
		"        SELECT sum(pg_table_size(t.oid))::bigint FROM tree AS t) "
		"FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
		"WHERE CASE WHEN $1 IS NOT NULL THEN c.oid = ANY ($1) "
		"  ELSE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND (c.relkind <> 'm' OR c.relispopulated) "
		"   AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
		"   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') "
		"   AND NOT EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid AND p.relkind = 'r') "
		"  END "
		"ORDER BY c.oid";
	Oid			types[] = {REGCLASSARRAYOID};
	Datum		values[] = {PointerGetDatum(named)};
	char		nulls[] = {named == NULL ? 'n' : ' ', '\0'};
	MemoryContext ours = GetMemoryChunkContext(mark);

	if (SPI_execute_with_args(query, 1, types, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look for tables");

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old = MemoryContextSwitchTo(ours);
		MarkedTable *table = palloc0(sizeof(MarkedTable));
		bool		isnull;

		table->relid = DatumGetObjectId(SPI_getbinval(row, desc, 1, &isnull));
		table->name = TextDatumGetCString(SPI_getbinval(row, desc, 2, &isnull));
		table->bytes = DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull));
		if (isnull)
			table->bytes = 0;	/* dropped this moment; the lock will tell */
		if (named != NULL || !is_too_large(table))
			mark->tables = lappend(mark->tables, table);
		MemoryContextSwitchTo(old);
	}

	if (named != NULL)
		check_all_found(mark->tables, named);
}

static void
check_all_found(List *tables, ArrayType *named)
{
	Datum	   *relids;
	bool	   *nulls;
	int			n;

	deconstruct_array(named, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT, &relids, &nulls, &n);
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no tables to mark"),
				 errdetail("The array of tables is empty."),
				 errhint("Name tables, or give no array for all tables of the database.")));
	for (int i = 0; i < n; i++)
	{
		bool		found = false;
		ListCell   *cell;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a table to mark must not be null"),
					 errhint("Name tables, or give no array for all tables of the database.")));
		foreach(cell, tables)
			found = found || ((MarkedTable *) lfirst(cell))->relid == DatumGetObjectId(relids[i]);
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation with OID %u does not exist", DatumGetObjectId(relids[i]))));
	}
}

/* Tells of every table that a mark of all tables leaves out. */
static bool
is_too_large(MarkedTable *table)
{
	if (poc_mark_size_limit < 0 ||
		table->bytes <= (int64) poc_mark_size_limit * 1024 * 1024)
		return false;
	ereport(NOTICE,
			(errmsg("table %s is larger than poc_barman.mark_size_limit and not in the mark",
					table->name),
			 errdetail("It has " INT64_FORMAT " MB; the limit is %d MB.",
					   table->bytes / (1024 * 1024), poc_mark_size_limit),
			 errhint("Set poc_barman.mark_size_limit to a larger size, or to -1, or name the tables to mark.")));
	return true;
}

/*
 * Locks the tables and whatever inherits from them.  What is not to be marked
 * is an error if it was named; else it is left out, and that is told.
 */
static void
lock_tables(Mark *mark, bool named)
{
	List	   *locked = NIL;
	ListCell   *cell;

	foreach(cell, mark->tables)
	{
		MarkedTable *table = lfirst(cell);
		const char *why;

		/* who may not read a table shall not hold up those who write it */
		check_select(table);
		LockRelationOid(table->relid, ShareLock);

		why = why_not_markable(mark, table->relid);
		if (why == NULL)
			locked = lappend(locked, table);
		else if (named)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("%s cannot be marked", table->name),
					 errdetail_internal("%s", why),
					 errhint("Name ordinary tables, partitioned tables or materialized views.")));
		else
			ereport(NOTICE,
					(errmsg("table %s is not in the mark", table->name),
					 errdetail_internal("%s", why)));
	}
	mark->tables = locked;
}

static void
check_select(MarkedTable *table)
{
	Oid			user = GetUserId();

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
 * NULL for a table whose content a backup brings back and our locks hold
 * still, else the reason.  The table is locked already; its heirs will be.
 */
static const char *
why_not_markable(Mark *mark, Oid relid)
{
	char		kind = get_rel_relkind(relid);
	ListCell   *cell;

	if (kind == '\0')
		return "It was dropped meanwhile.";
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_MATVIEW)
		return "It holds no rows of its own.";
	if (IsCatalogRelationOid(relid))
		return "It is a system catalog.";
	if (getExtensionOfObject(RelationRelationId, relid) ==
		getExtensionOfObject(RelationRelationId, mark->storage))
		return "It belongs to poc_barman, and the mark itself changes it.";

	foreach(cell, find_all_inheritors(relid, ShareLock, NULL))
	{
		Oid			member = lfirst_oid(cell);

		if (get_rel_relkind(member) == RELKIND_FOREIGN_TABLE)
			return psprintf("%s is a foreign table, whose rows no backup of this server has.",
							get_rel_name(member));
		if (get_rel_persistence(member) != RELPERSISTENCE_PERMANENT)
			return psprintf("%s is not permanent, so that no backup has its rows.",
							get_rel_name(member));
	}
	return NULL;
}

/*
 * By poc_fingerprint(), which takes parallel workers where the planner does.
 * The planner locks each index of each table until its transaction ends: one
 * of thousands of tables would fill the lock table for nothing.  Our own locks
 * are older and stay.
 */
static void
fingerprint_table(Mark *mark, MarkedTable *table)
{
	Oid			types[] = {REGCLASSOID};
	Datum		values[] = {ObjectIdGetDatum(table->relid)};
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;
	MemoryContext old;
	bool		isnull;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		run(psprintf("SELECT rows, hash FROM %s.poc_fingerprint($1)", mark->schema),
			1, types, values, SPI_OK_SELECT);
		if (SPI_processed != 1)
			elog(ERROR, "poc_fingerprint() returned no row");

		old = MemoryContextSwitchTo(GetMemoryChunkContext(mark));
		table->rows = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		table->hash = TextDatumGetCString(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
		MemoryContextSwitchTo(old);
	}
	PG_CATCH();
	{
		/* an error must not find it open: the session would stay in it */
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error != NULL)
		ReThrowError(error);
}

/*
 * With the rights of the tables' owner, as a foreign key's trigger does it,
 * and not by a function of its own, which could be called with any values.
 */
static void
store_mark(Mark *mark)
{
	Oid			mark_types[] = {TEXTOID, PG_LSNOID, INT4OID, INT8OID, TIMESTAMPTZOID};
	Datum		mark_values[] = {
		CStringGetTextDatum(mark->name),
		LSNGetDatum(mark->lsn),
		Int32GetDatum((int32) GetWALInsertionTimeLine()),
		Int64GetDatum((int64) GetSystemIdentifier()),
		TimestampTzGetDatum(mark->at)
	};
	Oid			table_types[] = {TEXTOID, TEXTOID, INT8OID, INT8OID, TEXTOID};
	char	   *insert_table = psprintf("INSERT INTO %s._poc_mark_tables (mark, relation, bytes, rows, hash) VALUES ($1, $2, $3, $4, $5)",
										mark->schema);
	Oid			user;
	int			context;
	ListCell   *cell;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(mark->owner, context | SECURITY_LOCAL_USERID_CHANGE);
	run(psprintf("INSERT INTO %s._poc_marks (name, lsn, timeline, system_identifier, at) VALUES ($1, $2, $3, $4, $5)",
				 mark->schema),
		5, mark_types, mark_values, SPI_OK_INSERT);
	foreach(cell, mark->tables)
	{
		MarkedTable *table = lfirst(cell);
		Datum		table_values[] = {
			mark_values[0],
			CStringGetTextDatum(table->name),
			Int64GetDatum(table->bytes),
			Int64GetDatum(table->rows),
			CStringGetTextDatum(table->hash)
		};

		run(insert_table, 5, table_types, table_values, SPI_OK_INSERT);
	}
	SetUserIdAndSecContext(user, context);
}

static void
run(const char *command, int nargs, Oid *types, Datum *values, int expected)
{
	int			result = SPI_execute_with_args(command, nargs, types, values, NULL, false, 0);

	if (result != expected)
		elog(ERROR, "%s: %s", command, SPI_result_code_string(result));
}

static Datum
mark_row(FunctionCallInfo fcinfo, Mark *mark)
{
	TupleDesc	tupdesc;
	Datum		values[5];
	bool		nulls[5] = {false};
	int64		rows = 0;
	ListCell   *cell;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	foreach(cell, mark->tables)
		rows += ((MarkedTable *) lfirst(cell))->rows;

	values[0] = CStringGetTextDatum(mark->name);
	values[1] = LSNGetDatum(mark->lsn);
	values[2] = TimestampTzGetDatum(mark->at);
	values[3] = Int32GetDatum(list_length(mark->tables));
	values[4] = Int64GetDatum(rows);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}
