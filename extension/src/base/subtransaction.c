/*-------------------------------------------------------------------------
 *
 * subtransaction.c
 *	  An error leaves no subtransaction of ours open.
 *
 * Rows are tried within subtransactions, and a cancel may come at any time.  Whoever
 * catches it, as an EXCEPTION of PL/pgSQL does, ends the subtransaction that it has begun
 * itself, and would end ours in its place; whoever catches nothing would be left in a
 * transaction block that nobody has begun.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/subtransaction.h"

PocLevel
poc_transaction_level(void)
{
	PocLevel level = {GetCurrentTransactionNestLevel(), CurrentMemoryContext, CurrentResourceOwner};

	return level;
}

/* In PG_CATCH(): roll back the subtransactions that have begun since, and throw the error again. */
void
poc_rethrow_at(const PocLevel *level)
{
	ErrorData *error;

	if (GetCurrentTransactionNestLevel() == level->nesting)
		PG_RE_THROW();
	MemoryContextSwitchTo(level->context);
	error = CopyErrorData();
	FlushErrorState();
	while (GetCurrentTransactionNestLevel() > level->nesting)
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(level->context);
	CurrentResourceOwner = level->owner;
	ReThrowError(error);
}
