/*-------------------------------------------------------------------------
 *
 * index.c
 *	  Indexes that are built after the load: when, and by whom.
 *
 * Must never make anybody wait for the table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/write/indexes.h"
#include "rows/write/triggers.h"

/* Below this number of rows, rebuilding the indexes is not worth its files. */
#define INDEXES_AFTER_ROWS	1000

static const char *obstacle(RowsPlan *plan, List *indexes);

/*
 * May the indexes be left alone until the rows are in?  Only if the table has
 * no rows, nobody else uses it, and nothing of this session has it open; the
 * lock must be free at once, because waiting for it would hold up others.
 */
bool
rows_may_index_after(RowsPlan *plan, uint64 nrows)
{
	Relation	rel = plan->rel;
	bool		asked = (plan->options->indexes == ROWS_INDEXES_AFTER);
	const char *reason;
	List	   *indexes;

	if (plan->options->indexes == ROWS_INDEXES_EACH || (!asked && nrows < INDEXES_AFTER_ROWS))
		return false;
	indexes = RelationGetIndexList(rel);
	if (indexes == NIL)
		return false;

	reason = obstacle(plan, indexes);
	if (reason == NULL)
	{
		if (!ConditionalLockRelationOid(RelationGetRelid(rel), AccessExclusiveLock))
			reason = "another session uses it";
		else
			reason = obstacle(plan, indexes);	/* somebody may have been faster */
	}

	if (reason != NULL && asked)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot build the indexes of table \"%s\" after the load",
						RelationGetRelationName(rel)),
				 errdetail("%c%s.", pg_toupper(reason[0]), reason + 1),
				 errhint("Use the option {\"indexes\": \"auto\"}.")));
	return reason == NULL;
}

/*
 * Foretell that of many rows, without a lock: "after" or "each", and why; NULL
 * if there are no indexes.
 */
const char *
rows_explain_indexes(RowsPlan *plan, const char **reason)
{
	List	   *indexes = (plan->rel->rd_rel->relkind == RELKIND_RELATION) ?
		RelationGetIndexList(plan->rel) : NIL;

	if (indexes == NIL)
		return NULL;
	*reason = (plan->options->indexes == ROWS_INDEXES_EACH) ? "the option \"indexes\" demands it" :
		obstacle(plan, indexes);
	if (*reason != NULL)
		return "each";
	*reason = psprintf("built when they are in: %d rows or more into the empty table, which nobody else uses",
					   INDEXES_AFTER_ROWS);
	return "after";
}

/* Why the indexes cannot wait, but for what a lock tells. */
static const char *
obstacle(RowsPlan *plan, List *indexes)
{
	Relation	rel = plan->rel;
	const char *reason = NULL;
	ListCell   *cell;

	if (rel->rd_rel->relkind != RELKIND_RELATION)
		return "it is not a plain table";
	/* who asks for it by name knows that he keeps others out until he ends */
	if (plan->options->indexes == ROWS_INDEXES_AUTO &&
		(IsTransactionBlock() || GetCurrentTransactionNestLevel() > 1))
		return "its lock would keep everybody out until the transaction block ends";
	/* predicate locks of others may be on the entries that are built anew */
	if (IsolationIsSerializable())
		return "the transaction is serializable";
	if (plan->path != ROWS_PATH_MULTI)
		return "its rows are inserted one by one";
	if (rows_has_insert_triggers(plan))
		return "its triggers might look for rows by an index";
	if (!object_ownercheck(RelationRelationId, RelationGetRelid(rel), GetUserId()))
		return "only its owner may lock everybody else out";
	if (rel->rd_refcnt != 1 || AfterTriggerPendingOnRel(RelationGetRelid(rel)))
		return "this session uses it in another command";
	if (RelationGetNumberOfBlocks(rel) != 0)
		return "it is not empty";

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_refcnt != 1)
			reason = "this session uses one of its indexes in another command";
		else if (!index->rd_index->indisvalid || !index->rd_index->indisready)
			reason = "one of its indexes is not valid";
		index_close(index, AccessShareLock);
		if (reason != NULL)
			break;
	}
	return reason;
}

/* All rows are in: build the indexes. */
void
rows_index_after(Relation rel, RowsEntries *entries, uint64 nrows)
{
	ReindexParams params = {.options = REINDEXOPT_REPORT_PROGRESS};

	if (!rows_build_btree(rel, entries, nrows))
		reindex_relation(NULL, RelationGetRelid(rel), REINDEX_REL_CHECK_CONSTRAINTS, &params);
	CommandCounterIncrement();
}
