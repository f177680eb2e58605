/*-------------------------------------------------------------------------
 *
 * mark.c
 *	  poc_mark(): a restore point, and the fingerprints of the database at that point.
 *
 * Tables must be read with the caller's privileges only, and no other code may store a
 * mark, so that every fingerprint is taken here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/pg_lsn.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/acting_role.h"
#include "base/compat.h"
#include "base/sibling.h"
#include "proof/fingerprint.h"
#include "proof/mark.h"

static char *mark_name(FunctionCallInfo fcinfo);
static void require_fit_transaction(void);
static PocMark *start_mark(char *name, Oid function);
static void reserve_name(PocMark *mark);
static void fingerprint_found(PocMark *mark, PocMarkedTable *table);
static void fingerprint_named(PocMark *mark, PocMarkedTable *table);
static void store_mark(PocMark *mark);
static Datum texts_of(List *strings);
static void run(const char *command, int nargs, Oid *types, Datum *values, int expected);
static Datum mark_row(FunctionCallInfo fcinfo, PocMark *mark);

PG_FUNCTION_INFO_V1(poc_mark);

/*
 * poc_mark(name text, tables regclass[], OUT name, OUT lsn, OUT at, OUT tables, OUT rows)
 */
Datum
poc_mark(PG_FUNCTION_ARGS)
{
	char *name = mark_name(fcinfo);
	ArrayType *named = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
	PocMark *mark;
	int nest_level;
	ListCell *cell;

	require_fit_transaction();

	/*
	 * Row security must raise an error instead of hiding rows.  And names in
	 * our queries must refer to PostgreSQL's objects, even if
	 * poc_fingerprint() was replaced.
	 */
	nest_level = NewGUCNestLevel();
	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	poc_restrict_search_path();
	mark = start_mark(name, fcinfo->flinfo->fn_oid);
	poc_fingerprint_settings(mark->fingerprint);
	SPI_connect();

	reserve_name(mark);
	poc_mark_find_tables(mark, named);
	if (named == NULL)
		poc_mark_find_large_objects(mark);
	poc_mark_lock_tables(mark, named != NULL);
	foreach (cell, mark->tables)
	{
		if (named != NULL)
			fingerprint_named(mark, lfirst(cell));
		else
			fingerprint_found(mark, lfirst(cell));
	}
	if (named == NULL)
	{
		poc_mark_find_omitted(mark);
		poc_mark_read_sequences(mark);
		poc_mark_report_omitted(mark);
	}

	/*
	 * Transactions that changed these tables before have committed before we
	 * got the locks, and later ones commit after we release them: at this WAL
	 * position the tables contain what we have read.
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
	char *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (name[0] == '\0' || name[0] == '.' || name[0] == '-' || strlen(name) >= MAXFNAMELEN ||
		name[strspn(name, allowed)] != '\0')
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
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("recovery is in progress"),
						errdetail("A standby creates no restore points of its own."),
						errhint("Call this function on the primary.")));
	if (!XLogIsNeeded())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("WAL level not sufficient for creating a restore point"),
				 errhint("wal_level must be set to \"replica\" or \"logical\" at server start.")));

	/*
	 * Earlier changes of this transaction commit after the restore point: they
	 * are visible here, but not in the restored server.
	 */
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a mark must be the first change of its transaction"),
				 errdetail(
					 "What this transaction has changed before would not be there after a restore to the mark."),
				 errhint("Call poc_mark() in a transaction of its own.")));

	/* An old snapshot does not show what other transactions have committed since. */
	if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("a mark must not be set at isolation level \"%s\"",
							   GetConfigOption("transaction_isolation", false, false)),
						errdetail("The snapshot may be older than the locks on the tables."),
						errhint("Call poc_mark() at isolation level \"read committed\".")));
}

static PocMark *
start_mark(char *name, Oid function)
{
	PocMark *mark = palloc0(sizeof(PocMark));
	Oid types[] = {REGCLASSOID};

	mark->name = name;
	mark->fingerprint = poc_sibling(function, "poc_fingerprint", lengthof(types), types);
	mark->storage = get_relname_relid("marks", get_namespace_oid(POC_INTERNAL_SCHEMA, false));
	if (!OidIsValid(mark->storage))
		elog(ERROR, "table _poc.marks is missing");
	mark->owner = poc_owner_of(mark->storage);
	return mark;
}

/*
 * A second mark of this name waits here for the end of the first one.
 * Otherwise its restore point could be mistaken for the first one's.
 */
static void
reserve_name(PocMark *mark)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(mark->name)};
	uint32 key = hash_bytes((unsigned char *) mark->name, strlen(mark->name));
	Oid user;
	int context;
	bool taken;

	LockDatabaseObject(mark->storage, key, 0, ExclusiveLock);

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(mark->owner, context | SECURITY_LOCAL_USERID_CHANGE);
	run("SELECT FROM _poc.marks WHERE name = $1", 1, types, values, SPI_OK_SELECT);
	taken = SPI_processed > 0;
	SetUserIdAndSecContext(user, context);

	if (taken)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT), errmsg("mark \"%s\" exists already", mark->name),
				 errhint("Choose another name, or forget that mark: DELETE FROM poc_marks WHERE name = %s",
						 quote_literal_cstr(mark->name))));
}

/*
 * The caller has not named this table and may not trust its owner.  The
 * owner's code must not run, so this does not use a query.
 */
static void
fingerprint_found(PocMark *mark, PocMarkedTable *table)
{
	PocFingerprint sum;
	MemoryContext old;

	PushActiveSnapshot(GetTransactionSnapshot());
	sum = poc_fingerprint_table(table->relid);
	PopActiveSnapshot();
	old = MemoryContextSwitchTo(GetMemoryChunkContext(mark));
	table->rows = (int64) sum.rows;
	table->hash = poc_fingerprint_text(&sum);
	MemoryContextSwitchTo(old);
}

/*
 * Calls poc_fingerprint(), which can use parallel workers.  As it SELECTs from
 * the table, it runs code that the table's owner has attached.  The planner
 * locks each index until its transaction ends: for thousands of tables, that
 * would fill the lock table.  So this rolls back a subtransaction, which keeps
 * our earlier locks.
 */
static void
fingerprint_named(PocMark *mark, PocMarkedTable *table)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;
	MemoryContext old;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		HeapTupleHeader row;
		bool isnull;

		PushActiveSnapshot(GetTransactionSnapshot());
		row = DatumGetHeapTupleHeader(
			OidFunctionCall1(mark->fingerprint, ObjectIdGetDatum(table->relid)));
		table->rows = DatumGetInt64(GetAttributeByName(row, "rows", &isnull));
		old = MemoryContextSwitchTo(GetMemoryChunkContext(mark));
		table->hash = TextDatumGetCString(GetAttributeByName(row, "hash", &isnull));
		MemoryContextSwitchTo(old);
		PopActiveSnapshot();
	}
	PG_CATCH();
	{
		/* leave the subtransaction before raising the error again */
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
 * Inserts the mark with the privileges of the owner of _poc.marks, as a foreign key's
 * trigger does.  A separate function could be called with any values.
 */
static void
store_mark(PocMark *mark)
{
	Oid mark_types[] = {TEXTOID, PG_LSNOID, INT4OID, INT8OID, TIMESTAMPTZOID, TEXTARRAYOID};
	Datum mark_values[] = {
		CStringGetTextDatum(mark->name),
		LSNGetDatum(mark->lsn),
		Int32GetDatum((int32) GetWALInsertionTimeLine()),
		Int64GetDatum((int64) GetSystemIdentifier()),
		TimestampTzGetDatum(mark->at),
		texts_of(mark->omitted),
	};
	Oid table_types[] = {TEXTOID, TEXTOID, INT8OID, INT8OID, TEXTOID};
	Oid sequence_types[] = {TEXTOID, TEXTOID, INT8OID, BOOLOID, BOOLOID};
	static const char
		insert_sequence[] = "INSERT INTO _poc.mark_sequences (mark, relation, value, ascending) VALUES ($1, $2, CASE WHEN NOT $4 THEN $3 END, $5)";
	static const char
		insert_table[] = "INSERT INTO _poc.mark_tables (mark, relation, bytes, rows, hash) VALUES ($1, $2, $3, $4, $5)";
	Oid user;
	int context;
	ListCell *cell;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(mark->owner, context | SECURITY_LOCAL_USERID_CHANGE);
	run("INSERT INTO _poc.marks (name, lsn, timeline, system_identifier, at, omitted) VALUES ($1, $2, $3, $4, $5, $6)",
		6, mark_types, mark_values, SPI_OK_INSERT);
	foreach (cell, mark->tables)
	{
		PocMarkedTable *table = lfirst(cell);
		Datum table_values[] = {
			mark_values[0],
			CStringGetTextDatum(table->name),
			Int64GetDatum(table->bytes),
			Int64GetDatum(table->rows),
			CStringGetTextDatum(table->hash),
		};

		run(insert_table, 5, table_types, table_values, SPI_OK_INSERT);
	}
	foreach (cell, mark->sequences)
	{
		PocMarkedSequence *sequence = lfirst(cell);
		Datum sequence_values[] = {
			mark_values[0],
			CStringGetTextDatum(sequence->name),
			Int64GetDatum(sequence->value),
			BoolGetDatum(sequence->unused),
			BoolGetDatum(sequence->ascending),
		};

		run(insert_sequence, 5, sequence_types, sequence_values, SPI_OK_INSERT);
	}
	/* with the names of the tables of this moment, for the search in WAL */
	run("SELECT _poc.note_relations()", 0, NULL, NULL, SPI_OK_SELECT);
	/* and elsewhere, for the day when this database is lost */
	run("SELECT _poc.try_to_keep_mark($1)", 1, mark_types, mark_values, SPI_OK_SELECT);
	SetUserIdAndSecContext(user, context);
}

static Datum
texts_of(List *strings)
{
	Datum *texts = palloc(list_length(strings) * sizeof(Datum));
	int n = 0;
	ListCell *cell;

	foreach (cell, strings)
		texts[n++] = CStringGetTextDatum(lfirst(cell));
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
run(const char *command, int nargs, Oid *types, Datum *values, int expected)
{
	int result = SPI_execute_with_args(command, nargs, types, values, NULL, false, 0);

	if (result != expected)
		elog(ERROR, "%s: %s", command, SPI_result_code_string(result));
}

static Datum
mark_row(FunctionCallInfo fcinfo, PocMark *mark)
{
	TupleDesc tupdesc;
	Datum values[5];
	bool nulls[5] = {false};
	int64 rows = 0;
	ListCell *cell;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	foreach (cell, mark->tables)
		rows += ((PocMarkedTable *) lfirst(cell))->rows;

	values[0] = CStringGetTextDatum(mark->name);
	values[1] = LSNGetDatum(mark->lsn);
	values[2] = TimestampTzGetDatum(mark->at);
	values[3] = Int32GetDatum(list_length(mark->tables));
	values[4] = Int64GetDatum(rows);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}
