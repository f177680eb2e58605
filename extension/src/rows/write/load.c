/*-------------------------------------------------------------------------
 *
 * load.c
 *	  Writes rows by the path that the plan chose.
 *
 * Of two sessions that count in the same table the second waits for the first, under a
 * lock that neither deadlocks nor blocks ordinary writers.
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

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/rights.h"
#include "rows/write/insert.h"
#include "rows/write/insert_select.h"
#include "rows/write/load.h"
#include "rows/write/making.h"
#include "rows/write/rethrow.h"

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
		MemoryContextSwitchTo(context);
		rows_rethrow(plan);
	}
	PG_END_TRY();

	/* rows that an extension stores are visible only after commit: keep the lock */
	if (counts && plan->manager == NULL)
		UnlockRelationOid(RelationGetRelid(plan->rel), ShareUpdateExclusiveLock);
	return inserted;
}
