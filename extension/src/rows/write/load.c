/*-------------------------------------------------------------------------
 *
 * load.c
 *	  Writes rows by the path that their plan chose.
 *
 * What a constraint or a type refuses although the plan obeys them came from
 * elsewhere: a default, a trigger, an expression, an option.  Must never hide
 * such an error, only say what can be done.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "storage/lmgr.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/rights.h"
#include "rows/write/insert.h"
#include "rows/write/load.h"
#include "rows/write/maker.h"
#include "rows/write/query.h"

pg_noreturn static void rethrow_with_hint(MemoryContext context);

/* Make rows first, first + 1, ... and write them; returns how many went in. */
uint64
rows_write(RowsPlan *plan, uint64 first, uint64 nrows, Jsonb *options)
{
	MemoryContext context = CurrentMemoryContext;
	volatile uint64 inserted = 0;

	/* a worker's caller holds the lock, and knows where counting begins */
	volatile bool counts = plan->keys != NIL && plan->call.bases == NULL;

	/*
	 * Two that count in the same table would count the same: the second waits
	 * until the rows of the first are there, and counts on from these, committed
	 * or not.  No longer, or two that fill two tables in opposite order would
	 * wait for each other.  Ordinary writers are not held up.
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
		int			category = ERRCODE_TO_CATEGORY(geterrcode());

		if (category != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION && category != ERRCODE_DATA_EXCEPTION &&
			category != ERRCODE_TO_CATEGORY(ERRCODE_WITH_CHECK_OPTION_VIOLATION))
			PG_RE_THROW();
		rethrow_with_hint(context);
	}
	PG_END_TRY();

	/* a manager's rows are seen only when they are committed */
	if (counts && plan->manager == NULL)
		UnlockRelationOid(RelationGetRelid(plan->rel), ShareUpdateExclusiveLock);
	return inserted;
}

static void
rethrow_with_hint(MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	if (error->hint == NULL)
		error->hint = pstrdup("The value may come from a default, a trigger, an expression or an option: "
							  "shape the columns behind it by the option \"columns\", or lift the constraint for the time of the load.");
	ReThrowError(error);
}
