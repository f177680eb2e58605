/*-------------------------------------------------------------------------
 *
 * load.c
 *	  Writes rows by the path that the plan chose.
 *
 * The plan obeys constraints and types, so an error of theirs comes from a
 * default, a trigger, an expression or an option.  Such an error must never be
 * hidden; it only gets a hint.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/rights.h"
#include "rows/plan/steps.h"
#include "rows/write/insert.h"
#include "rows/write/load.h"
#include "rows/write/making.h"
#include "rows/write/query.h"

pg_noreturn static void rethrow_with_hint(MemoryContext context);
pg_noreturn static void rethrow_with_policies(RowsPlan *plan, MemoryContext context);

/* Make rows first, first + 1, ... and write them; returns the number inserted. */
uint64
rows_write(RowsPlan *plan, uint64 first, uint64 nrows, Jsonb *options)
{
	MemoryContext context = CurrentMemoryContext;
	volatile uint64 inserted = 0;

	/* for a worker, poc_fill() holds the lock and has found where counting starts */
	volatile bool counts = plan->uniques != NIL && plan->call.bases == NULL;

	/*
	 * Two sessions that count in the same table would make the same values: the second
	 * one waits for the rows of the first, and counts on from them, committed or not.
	 * The lock ends with the load; otherwise two sessions that fill two tables in
	 * opposite order would deadlock.  Ordinary writers are not blocked.
	 */
	rows_require_rights(plan);
	if (counts)
		LockRelationOid(RelationGetRelid(plan->rel), ShareUpdateExclusiveLock);
	rows_check_sequences(plan, nrows);
	PG_TRY();
	{
		if (plan->path == ROWS_PATH_SPI)
			inserted = rows_insert_by_query(plan, first, nrows, options);
		else
			inserted = rows_insert(plan, first, nrows);
	}
	PG_CATCH();
	{
		int category = ERRCODE_TO_CATEGORY(geterrcode());

		if (geterrcode() == ERRCODE_INSUFFICIENT_PRIVILEGE &&
			check_enable_rls(RelationGetRelid(plan->rel), plan->role, true) == RLS_ENABLED)
			rethrow_with_policies(plan, context);
		if (category != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION && category != ERRCODE_DATA_EXCEPTION &&
			category != ERRCODE_TO_CATEGORY(ERRCODE_WITH_CHECK_OPTION_VIOLATION))
			PG_RE_THROW();
		rethrow_with_hint(context);
	}
	PG_END_TRY();

	/* rows that an extension stores are visible only after commit: keep the lock */
	if (counts && plan->manager == NULL)
		UnlockRelationOid(RelationGetRelid(plan->rel), ShareUpdateExclusiveLock);
	return inserted;
}

/* A row that row-level security rejects: the statement inside is not the caller's. */
static void
rethrow_with_policies(RowsPlan *plan, MemoryContext context)
{
	ErrorData *error;
	StringInfoData names;
	StringInfoData columns;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	if (error->message_id == NULL ||
		strncmp(error->message_id, "new row violates row-level security policy",
				strlen("new row violates row-level security policy")) != 0)
		ReThrowError(error);
	initStringInfo(&names);
	initStringInfo(&columns);
	rows_name_policies(plan->rel, plan->role, &names, &columns);
	error->context = NULL;
	error->detail = names.len > 0 ? psprintf("Rows that \"%s\" inserts must satisfy: policy %s.",
											 GetUserNameFromId(plan->role, false), names.data)
								  : psprintf("No policy lets \"%s\" insert rows.",
											 GetUserNameFromId(plan->role, false));
	error->hint = columns.len > 0
					  ? psprintf("Give the columns of the policy (%s) values by the option \"columns\", or load as a role with BYPASSRLS.",
								 columns.data)
					  : pstrdup("Load as a role with BYPASSRLS, or as the owner of the table.");
	ReThrowError(error);
}

static void
rethrow_with_hint(MemoryContext context)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	if (error->hint == NULL)
		error->hint = pstrdup(
			"The value may come from a default, a trigger, an expression or an option: "
			"shape the columns behind it by the option \"columns\", or lift the constraint for the time of the load.");
	ReThrowError(error);
}
