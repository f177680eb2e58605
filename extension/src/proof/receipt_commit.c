/*-------------------------------------------------------------------------
 *
 * receipt_commit.c
 *	  Sends copies of receipts when their transaction commits.
 *
 * A deferred trigger would not do: SET CONSTRAINTS fires it at once, and a copy of
 * what was rolled back afterwards would stay at the sidecar for ever.
 *
 * Whatever becomes of a copy, the transaction commits: neither an error nor a cancel
 * must take the receipt back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/sibling.h"

/* Of this transaction; 0: none was written */
static int64 first_receipt;
static Oid copy_receipts;

static void copy_as_it_commits(XactEvent event, void *arg);
static void copy_or_warn(int64 first);

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
 * What a savepoint has taken back is not found any more.
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
		copy_or_warn(first);
}

/*
 * The function is one of SECURITY DEFINER, and tells most errors as warnings itself.
 * A cancel ends it and is obeyed with that: as where
 * a commit waits for a synchronous standby, it leaves off the wait and not the commit.
 * To be terminated is FATAL, and caught by nobody.
 */
static void
copy_or_warn(int64 first)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		OidFunctionCall1(copy_receipts, Int64GetDatum(first));
		PopActiveSnapshot();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		ereport(WARNING,
				(errmsg("the sidecar has no copies of all receipts from receipt " INT64_FORMAT " on",
						first),
				 errdetail("%s", error->message),
				 errhint(
					 "They are sent with the next receipt of this server; SELECT * FROM poc_check_receipts() tells whether they are there.")));
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}
