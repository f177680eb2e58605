/*-------------------------------------------------------------------------
 *
 * mark_objects.c
 *	  Objects other than tables in a mark of a whole database: large objects
 *	  and the values of sequences; also the list of omitted objects.
 *
 * Each omission that a reader of the mark would not expect must be reported.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_largeobject.h"
#include "catalog/pg_largeobject_metadata.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "proof/mark.h"

/* Objects that a NOTICE names; the drill's receipt names all. */
#define TOLD_MAX 10

static void query(const char *command);
static TransactionId removal_in_progress(void);
static char *text_at(MemoryContext context, uint64 row, int column);
static int64 bigint_at(uint64 row, int column, bool *isnull);

/*
 * Large objects are rows of one catalog; reading them all needs SELECT on it.
 */
void
poc_mark_find_large_objects(PocMark *mark)
{
	MemoryContext ours = GetMemoryChunkContext(mark);
	MemoryContext old;
	PocMarkedTable *table;
	int64 objects;
	int64 bytes;
	bool isnull;

	query("SELECT (SELECT count(*) FROM pg_largeobject_metadata), pg_table_size('pg_largeobject')");
	objects = bigint_at(0, 1, &isnull);
	bytes = bigint_at(0, 2, &isnull);
	if (objects == 0)
		return;
	if (pg_class_aclcheck(LargeObjectRelationId, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
	{
		poc_mark_leave_out(mark,
						   psprintf(INT64_FORMAT
									" large objects: to read them all needs SELECT on pg_largeobject",
									objects),
						   false);
		return;
	}
	old = MemoryContextSwitchTo(ours);
	table = palloc0(sizeof(PocMarkedTable));
	table->relid = LargeObjectRelationId;
	table->name = pstrdup("pg_catalog.pg_largeobject");
	table->bytes = bytes;
	/* lock it first: anyone may block it, and no table must be locked meanwhile */
	mark->tables = lcons(table, mark->tables);
	MemoryContextSwitchTo(old);
}

/*
 * Removing a large object releases the lock on the catalog at once, so an
 * uncommitted removal may precede our lock and commit before the mark.  Our
 * lock prevents new ones.
 */
void
poc_mark_wait_for_removals(void)
{
	TransactionId xid;

	while (TransactionIdIsValid(xid = removal_in_progress()))
		XactLockTableWait(xid, NULL, NULL, XLTW_None);
}

static TransactionId
removal_in_progress(void)
{
	Relation rel = table_open(LargeObjectMetadataRelationId, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TransactionId xid = InvalidTransactionId;
	SnapshotData dirty;
	TableScanDesc scan;

	InitDirtySnapshot(dirty);
	scan = table_beginscan(rel, &dirty, 0, NULL, 0);
	while (!TransactionIdIsValid(xid) && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (TransactionIdIsValid(dirty.xmax) && !TransactionIdIsCurrentTransactionId(dirty.xmax))
			xid = dirty.xmax;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, AccessShareLock);
	return xid;
}

/*
 * No lock stops a sequence, so its value is read before the restore point.
 * The restored value must be the same or a later one.
 */
void
poc_mark_read_sequences(PocMark *mark)
{
	MemoryContext ours = GetMemoryChunkContext(mark);

	query("SELECT format('%I.%I', n.nspname, c.relname), "
		  "       CASE WHEN readable THEN pg_sequence_last_value(c.oid) END, s.seqincrement > 0, readable "
		  "FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = s.seqrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace, "
		  "     LATERAL has_sequence_privilege(c.oid, 'SELECT, USAGE') AS readable "
		  "WHERE c.relpersistence = 'p' AND " POC_MARK_OF_THE_USER "ORDER BY c.oid");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *name = text_at(ours, i, 1);
		bool isnull;
		MemoryContext old;
		PocMarkedSequence *sequence;

		if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 4, &isnull)))
		{
			poc_mark_leave_out(mark, psprintf("sequence %s: permission denied", name), false);
			continue;
		}
		old = MemoryContextSwitchTo(ours);
		sequence = palloc0(sizeof(PocMarkedSequence));
		sequence->name = name;
		sequence->value = bigint_at(i, 2, &sequence->unused);
		sequence->ascending = DatumGetBool(
			SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3, &isnull));
		mark->sequences = lappend(mark->sequences, sequence);
		MemoryContextSwitchTo(old);
	}
}

/* Objects whose rows a restored server will lack, or that we may not read */
void
poc_mark_find_omitted(PocMark *mark)
{
	query(
		"SELECT format('%s %I.%I: %s', kind, n.nspname, c.relname, why) "
		"FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace, "
		"     LATERAL (SELECT 'unlogged table' AS kind, 'a backup holds none of its rows' AS why WHERE c.relkind = 'r' AND c.relpersistence = 'u' "
		"      UNION ALL SELECT 'unlogged sequence', 'a backup does not hold its value' WHERE c.relkind = 'S' AND c.relpersistence = 'u' "
		"      UNION ALL SELECT 'materialized view', 'it is not populated' WHERE c.relkind = 'm' AND NOT c.relispopulated "
		"      UNION ALL SELECT 'foreign table', 'its rows are on another server' WHERE c.relkind = 'f') AS w "
		"WHERE " POC_MARK_OF_THE_USER "ORDER BY c.oid");
	for (uint64 i = 0; i < SPI_processed; i++)
		poc_mark_leave_out(mark, text_at(CurrentMemoryContext, i, 1), false);

	/* user data in tables of extensions, such as jobs, as marked for pg_dump; not our own tables */
	query(
		"SELECT format('table %I.%I: it belongs to extension %s', n.nspname, c.relname, e.extname) "
		"FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
		"     JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' "
		"     JOIN pg_extension AS e ON e.oid = d.refobjid "
		"WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND e.extname <> 'poc_barman' AND c.oid = ANY (e.extconfig) "
		"ORDER BY c.oid");
	for (uint64 i = 0; i < SPI_processed; i++)
		poc_mark_leave_out(mark, text_at(CurrentMemoryContext, i, 1), false);
}

/* told: a separate NOTICE has reported it. */
void
poc_mark_leave_out(PocMark *mark, const char *what, bool told)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(mark));
	char *copy = pstrdup(what);

	mark->omitted = lappend(mark->omitted, copy);
	if (!told)
		mark->untold = lappend(mark->untold, copy);
	MemoryContextSwitchTo(old);
}

void
poc_mark_report_omitted(PocMark *mark)
{
	StringInfoData detail;
	int n = list_length(mark->untold);

	if (n == 0)
		return;
	initStringInfo(&detail);
	for (int i = 0; i < n && i < TOLD_MAX; i++)
		appendStringInfo(&detail, "%s%s", i > 0 ? "\n" : "", (char *) list_nth(mark->untold, i));
	if (n > TOLD_MAX)
		appendStringInfo(&detail, "\nand %d more", n - TOLD_MAX);
	ereport(NOTICE, (errmsg_plural("%d object is not in the mark", "%d objects are not in the mark",
								   (unsigned long) n, n),
					 errdetail_internal("%s", detail.data),
					 errhint("A drill to the mark says so in its receipt.")));
}

static void
query(const char *command)
{
	if (SPI_execute(command, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look for what a mark is of");
}

static char *
text_at(MemoryContext context, uint64 row, int column)
{
	return MemoryContextStrdup(context,
							   SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column));
}

static int64
bigint_at(uint64 row, int column, bool *isnull)
{
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);

	return *isnull ? 0 : DatumGetInt64(value);
}
