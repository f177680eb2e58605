/*-------------------------------------------------------------------------
 *
 * rows_index.c
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

#include "compat.h"
#include "rows.h"

/* Below this number of rows, rebuilding the indexes is not worth its files. */
#define INDEXES_AFTER_ROWS	1000

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
	const char *reason = NULL;
	List	   *indexes;
	ListCell   *cell;

	if (plan->options->indexes == ROWS_INDEXES_EACH || (!asked && nrows < INDEXES_AFTER_ROWS))
		return false;
	indexes = RelationGetIndexList(rel);
	if (indexes == NIL)
		return false;

	if (rel->rd_rel->relkind != RELKIND_RELATION)
		reason = "It is not a plain table.";
	else if (plan->path != ROWS_PATH_MULTI)
		reason = "Its rows are inserted one by one.";
	else if (rows_has_insert_triggers(plan))
		reason = "Its triggers might look for rows by an index.";
	else if (!object_ownercheck(RelationRelationId, RelationGetRelid(rel), GetUserId()))
		reason = "Only its owner may lock everybody else out.";
	else if (rel->rd_refcnt != 1 || AfterTriggerPendingOnRel(RelationGetRelid(rel)))
		reason = "This session uses it in another command.";
	else if (RelationGetNumberOfBlocks(rel) != 0)
		reason = "It is not empty.";
	else if (!ConditionalLockRelationOid(RelationGetRelid(rel), AccessExclusiveLock))
		reason = "Another session uses it.";
	else if (RelationGetNumberOfBlocks(rel) != 0)
		reason = "It is not empty.";

	foreach(cell, indexes)
	{
		Relation	index;

		if (reason != NULL)
			break;
		index = index_open(lfirst_oid(cell), AccessShareLock);
		if (index->rd_refcnt != 1)
			reason = "This session uses one of its indexes in another command.";
		else if (!index->rd_index->indisvalid || !index->rd_index->indisready)
			reason = "One of its indexes is not valid.";
		index_close(index, AccessShareLock);
	}

	if (reason != NULL && asked)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot build the indexes of table \"%s\" after the load",
						RelationGetRelationName(rel)),
				 errdetail("%s", reason),
				 errhint("Use the option {\"indexes\": \"auto\"}.")));
	return reason == NULL;
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
