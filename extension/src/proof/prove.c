/*-------------------------------------------------------------------------
 *
 * prove.c
 *	  poc_prove(): drills of the backups that deserve it, a transaction for each.
 *
 * A function in SQL would hold one snapshot for hours, and lose all receipts when it is
 * cancelled; a procedure in PL/pgSQL that commits cannot run with the rights of its owner.
 * Here nothing is chosen and nothing judged: the functions of _poc do that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/sibling.h"

typedef struct Proving
{
	Oid keeper;
	MemoryContext context; /* outlives the transactions */
	Datum server;
	LOCKTAG lock;
	Datum run;
} Proving;

static void lock_server(Proving *proving, FunctionCallInfo fcinfo);
static bool begin_run(Proving *proving, FunctionCallInfo fcinfo);
static char *prove_next(Proving *proving, Datum budget, bool unlimited);
static void end_run(Proving *proving);
static LOCKTAG lock_of(int32 key);
static Datum ask(Proving *proving, const char *command, int nargs, Oid *types, Datum *values,
				 const char *nulls, int column, bool *isnull);

PG_FUNCTION_INFO_V1(poc_prove);
PG_FUNCTION_INFO_V1(poc_lock_proofs);

/* poc_prove(server text, budget interval, oldest interval, again interval, dry_run boolean) */
Datum
poc_prove(PG_FUNCTION_ARGS)
{
	Proving proving = {.keeper = poc_keeper(), .context = fcinfo->flinfo->fn_mcxt};
	Node *context = (Node *) fcinfo->context;
	Datum budget = (Datum) 0;
	char *told;

	if (context == NULL || !IsA(context, CallContext) || castNode(CallContext, context)->atomic)
		ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
						errmsg("poc_prove() cannot run inside a transaction block"),
						errdetail("Each of its drills is a transaction of its own."),
						errhint("End the transaction block, and CALL the procedure by itself.")));
	if (!PG_ARGISNULL(1))
	{
		Interval *copy = MemoryContextAlloc(proving.context, sizeof(Interval));

		*copy = *PG_GETARG_INTERVAL_P(1);
		budget = IntervalPGetDatum(copy);
	}
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	lock_server(&proving, fcinfo);
	if (begin_run(&proving, fcinfo))
	{
		SPI_commit();
		while ((told = prove_next(&proving, budget, PG_ARGISNULL(1))) != NULL)
		{
			SPI_commit();
			ereport(INFO, (errmsg("%s", told)));
			pfree(told);
			CHECK_FOR_INTERRUPTS();
		}
		end_run(&proving);
	}
	/* an error gives it back, too */
	LockRelease(&proving.lock, ExclusiveLock, true);
	SPI_finish();
	PG_RETURN_VOID();
}

static void
lock_server(Proving *proving, FunctionCallInfo fcinfo)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {fcinfo->args[0].value};
	bool isnull;
	Datum key;

	key = ask(proving, "SELECT l.barman_server, l.key FROM _poc.prove_lock($1) AS l", 1, types,
			  values, fcinfo->args[0].isnull ? "n" : " ", 2, &isnull);
	proving->lock = lock_of(DatumGetInt32(key));
	proving->server = PointerGetDatum(
		cstring_to_text(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)));
}

/*
 * _poc.lock_proofs(key integer): boolean
 *
 * Takes a lock of the session, which outlives the transactions of a run; false if another
 * has it.  An advisory lock could be taken by anybody.
 */
Datum
poc_lock_proofs(PG_FUNCTION_ARGS)
{
	LOCKTAG lock = lock_of(PG_GETARG_INT32(0));

	PG_RETURN_BOOL(LockAcquire(&lock, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL);
}

/* No object has a table of ours as its catalog, so no command takes this lock. */
static LOCKTAG
lock_of(int32 key)
{
	Oid proofs = get_relname_relid("proofs", get_namespace_oid(POC_INTERNAL_SCHEMA, false));
	LOCKTAG lock;

	SET_LOCKTAG_OBJECT(lock, MyDatabaseId, proofs, (uint32) key, 0);
	return lock;
}

/* False: a dry run, which is over */
static bool
begin_run(Proving *proving, FunctionCallInfo fcinfo)
{
	Oid types[] = {TEXTOID, INTERVALOID, INTERVALOID, INTERVALOID, BOOLOID};
	Datum values[] = {proving->server, fcinfo->args[1].value, fcinfo->args[2].value,
					  fcinfo->args[3].value, fcinfo->args[4].value};
	char nulls[] = "     ";
	bool isnull;

	for (int i = 1; i < (int) lengthof(values); i++)
		nulls[i] = fcinfo->args[i].isnull ? 'n' : ' ';
	proving->run = ask(proving, "SELECT _poc.prove_begin($1, $2, $3, $4, $5)", lengthof(values),
					   types, values, nulls, 1, &isnull);
	return !isnull;
}

/* What became of the next one, or NULL; lives as long as the call */
static char *
prove_next(Proving *proving, Datum budget, bool unlimited)
{
	Oid types[] = {TIMESTAMPTZOID, INTERVALOID};
	Datum values[] = {proving->run, budget};
	bool isnull;
	Datum told = ask(proving, "SELECT _poc.prove_next($1, $2)", lengthof(values), types, values,
					 unlimited ? " n" : "  ", 1, &isnull);

	if (isnull)
		return NULL;
	return MemoryContextStrdup(proving->context, TextDatumGetCString(told));
}

static void
end_run(Proving *proving)
{
	Oid types[] = {TIMESTAMPTZOID};
	Datum values[] = {proving->run};
	bool isnull;

	(void) ask(proving, "SELECT _poc.prove_end($1)", lengthof(values), types, values, " ", 1,
			   &isnull);
}

/*
 * A column of the only row that a function of _poc returns, which is then SPI's result; with
 * the rights of its owner.  Schema and types are given, so that nothing of the caller's is found.
 */
static Datum
ask(Proving *proving, const char *command, int nargs, Oid *types, Datum *values, const char *nulls,
	int column, bool *isnull)
{
	Oid user;
	int context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(proving->keeper, context | SECURITY_LOCAL_USERID_CHANGE);
	if (SPI_execute_with_args(command, nargs, types, values, nulls, false, 0) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "%s: no row", command);
	SetUserIdAndSecContext(user, context);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}
