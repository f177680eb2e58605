/*-------------------------------------------------------------------------
 *
 * receipt_commit.c
 *	  Sends copies of receipts when their transaction commits.
 *
 * A deferred trigger would not do: SET CONSTRAINTS fires it at once, and a copy of
 * what was rolled back afterwards would stay at the sidecar for ever.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/sibling.h"

/* Of this transaction; 0: none was written */
static int64 first_receipt;
static Oid copy_receipts;

static void copy_as_it_commits(XactEvent event, void *arg);

PG_FUNCTION_INFO_V1(poc_copy_at_commit);

/*
 * _poc.copy_at_commit(n bigint): void
 *
 * Finds the function that is to be called while it may: whoever commits has no
 * rights in our schema.
 */
Datum
poc_copy_at_commit(PG_FUNCTION_ARGS)
{
	static bool registered = false;
	int64 n = PG_GETARG_INT64(0);
	Oid types[] = {INT8OID};

	if (!registered)
	{
		RegisterXactCallback(copy_as_it_commits, NULL);
		registered = true;
	}
	copy_receipts = poc_internal_sibling(fcinfo->flinfo->fn_oid, "copy_receipts", lengthof(types),
										 types);
	if (first_receipt == 0 || n < first_receipt)
		first_receipt = n;
	PG_RETURN_VOID();
}

/*
 * What a savepoint has taken back is not found any more.  The function is one of
 * SECURITY DEFINER, and tells an error as a warning.
 */
static void
copy_as_it_commits(XactEvent event, void *arg)
{
	int64 first = first_receipt;

	if (first == 0 || event == XACT_EVENT_PARALLEL_PRE_COMMIT)
		return;
	if (event == XACT_EVENT_PRE_PREPARE)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a transaction that has written a receipt cannot be prepared"),
						errdetail("The sidecar gets a copy of the receipt as it commits."),
						errhint("COMMIT it.")));
	first_receipt = 0;
	/* with the extension the receipts are gone */
	if (event == XACT_EVENT_PRE_COMMIT &&
		SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(copy_receipts)))
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		OidFunctionCall1(copy_receipts, Int64GetDatum(first));
		PopActiveSnapshot();
	}
}
