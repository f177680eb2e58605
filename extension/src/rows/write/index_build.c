/*-------------------------------------------------------------------------
 *
 * index_build.c
 *	  Indexes that are built after the load: when, and how.
 *
 * No other session may have to wait for the table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/table.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/storage_xlog.h"
#include "commands/progress.h"
#include "commands/tablecmds.h"
#include "commands/trigger.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "storage/smgr.h"
#include "utils/acl.h"
#include "utils/backend_progress.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/write/indexes.h"
#include "rows/write/triggers.h"

/* Below this number of rows, rebuilding the indexes is not worth the new files. */
#define INDEXES_AFTER_ROWS 1000

static const char *obstacle(RowsPlan *plan, List *indexes);
static void rebuild_index(Relation rel, RowsEntries *entries, uint64 nrows);
static void start_build_progress(Relation index, uint64 nrows);
static void add_init_fork(Relation index);
static void set_statistics(Relation rel, uint64 nrows);
static void clear_indcheckxmin(Relation rel, Oid index);

/*
 * May the index entries be made after the load?  The table must be empty, no
 * other session may use it, and this session must not have it open elsewhere.
 * The lock must be free at once, because waiting for it would block others.
 */
bool
rows_may_index_after(RowsPlan *plan, uint64 nrows)
{
	Relation rel = plan->rel;
	bool asked = (plan->options->indexes == ROWS_INDEXES_AFTER ||
				  plan->options->indexes == ROWS_INDEXES_REINDEX);
	const char *reason;
	List *indexes;

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
			reason = obstacle(plan, indexes); /* another session may have been faster */
	}

	if (reason != NULL && asked)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("cannot build the indexes of table \"%s\" after the load",
							   RelationGetRelationName(rel)),
						errdetail("%c%s.", pg_toupper(reason[0]), reason + 1),
						errhint("Use the option {\"indexes\": \"auto\"}.")));
	return reason == NULL;
}

/*
 * What rows_may_index_after() would say for many rows, without a lock: "after"
 * or "each", and why.  NULL if there are no indexes.
 */
const char *
rows_explain_indexes(RowsPlan *plan, const char **reason)
{
	List *indexes = (plan->rel->rd_rel->relkind == RELKIND_RELATION)
						? RelationGetIndexList(plan->rel)
						: NIL;

	if (indexes == NIL)
		return NULL;
	*reason = (plan->options->indexes == ROWS_INDEXES_EACH) ? "the option \"indexes\" demands it"
															: obstacle(plan, indexes);
	if (*reason != NULL)
		return "each";
	*reason = psprintf("built when they are in: %d rows or more into the empty table, which nobody else uses",
					   INDEXES_AFTER_ROWS);
	return "after";
}

/* Why the indexes cannot be built after the load, except for what needs a lock. */
static const char *
obstacle(RowsPlan *plan, List *indexes)
{
	Relation rel = plan->rel;
	const char *reason = NULL;
	ListCell *cell;

	if (rel->rd_rel->relkind != RELKIND_RELATION)
		return "it is not a plain table";
	/* a caller who sets the option accepts to block others until the transaction ends */
	if (plan->options->indexes == ROWS_INDEXES_AUTO && !plan->call.commits &&
		(IsTransactionBlock() || GetCurrentTransactionNestLevel() > 1))
		return "its lock would keep everybody out until the transaction block ends";
	/* other transactions may have predicate locks on entries that are built anew */
	if (IsolationIsSerializable())
		return "the transaction is serializable";
	if (plan->path != ROWS_PATH_MULTI)
		return "its rows are inserted one by one";
	if (rows_has_insert_triggers(plan))
		return "its triggers might look for rows by an index";
	if (!object_ownercheck(RelationRelationId, RelationGetRelid(rel), plan->call.caller))
		return "only its owner may lock everybody else out";
	if (rel->rd_refcnt != 1 || AfterTriggerPendingOnRel(RelationGetRelid(rel)))
		return "this session uses it in another command";
	if (RelationGetNumberOfBlocks(rel) != 0)
		return "it is not empty";

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

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

/* Build the indexes after all rows are inserted. */
void
rows_index_after(Relation rel, RowsEntries *entries, uint64 nrows)
{
	ReindexParams params = {.options = REINDEXOPT_REPORT_PROGRESS};

	if (OidIsValid(rows_index_of_entries(entries, nrows)))
		rebuild_index(rel, entries, nrows);
	else
		reindex_relation(NULL, RelationGetRelid(rel), REINDEX_REL_CHECK_CONSTRAINTS, &params);
	CommandCounterIncrement();
}

/*
 * Rebuild the index from the entries that the load has kept.  This follows
 * reindex_index() and index_build(), step by step, except:
 *
 * - Nothing suppresses the use of the index meanwhile (SetReindexProcessing()
 *   is private): we run no query, and others wait for our lock.
 * - The index stays valid and ready: rows_may_index_after() refuses any
 *   other.  The table was empty, so there is no broken HOT chain.
 * - There is no second pass over the table: REINDEX handles exclusion
 *   constraints, and ascending integers are unique.
 */
static void
rebuild_index(Relation rel, RowsEntries *entries, uint64 nrows)
{
	Relation index;
	Oid userid;
	int security_context;
	int nestlevel;

	Assert(CheckRelationLockedByMe(rel, AccessExclusiveLock, true));
	GetUserIdAndSecContext(&userid, &security_context);
	SetUserIdAndSecContext(rel->rd_rel->relowner, security_context | SECURITY_RESTRICTED_OPERATION);
	nestlevel = NewGUCNestLevel();
	RestrictSearchPath();

	index = index_open(rows_index_of_entries(entries, nrows), AccessExclusiveLock);
	Assert(index->rd_index->indrelid == RelationGetRelid(rel));
	Assert(!RELATION_IS_OTHER_TEMP(index));
	ereport(DEBUG1,
			(errmsg_internal("building index \"%s\" on table \"%s\" from the rows that were loaded",
							 RelationGetRelationName(index), RelationGetRelationName(rel))));
	start_build_progress(index, nrows);
	CheckTableNotInUse(index, "REINDEX INDEX");
	/* predicate locks on its pages become locks on the table, as the pages go away */
	TransferPredicateLocksToHeapRelation(index);
	RelationSetNewRelfilenumber(index, rel->rd_rel->relpersistence);

	rows_write_btree(index, entries);
	add_init_fork(index);
	set_statistics(rel, nrows);
	set_statistics(index, nrows);
	CommandCounterIncrement();
	clear_indcheckxmin(rel, RelationGetRelid(index));

	AtEOXact_GUC(false, nestlevel);
	SetUserIdAndSecContext(userid, security_context);
	index_close(index, NoLock);
	pgstat_progress_end_command();
}

/* pg_stat_progress_create_index shows it as a REINDEX. */
static void
start_build_progress(Relation index, uint64 nrows)
{
	const int params[] = {PROGRESS_CREATEIDX_COMMAND,			PROGRESS_CREATEIDX_INDEX_OID,
						  PROGRESS_CREATEIDX_ACCESS_METHOD_OID, PROGRESS_CREATEIDX_PHASE,
						  PROGRESS_CREATEIDX_SUBPHASE,			PROGRESS_CREATEIDX_TUPLES_TOTAL};
	const int64 values[] = {PROGRESS_CREATEIDX_COMMAND_REINDEX,
							RelationGetRelid(index),
							index->rd_rel->relam,
							PROGRESS_CREATEIDX_PHASE_BUILD,
							PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE,
							(int64) nrows};

	pgstat_progress_start_command(PROGRESS_COMMAND_CREATE_INDEX, index->rd_index->indrelid);
	pgstat_progress_update_multi_param(lengthof(params), params, values);
}

/* After a crash, an unlogged index is reset to its init fork: an empty index. */
static void
add_init_fork(Relation index)
{
	if (index->rd_rel->relpersistence != RELPERSISTENCE_UNLOGGED ||
		smgrexists(RelationGetSmgr(index), INIT_FORKNUM))
		return;
	smgrcreate(RelationGetSmgr(index), INIT_FORKNUM, false);
	log_smgrcreate(&index->rd_locator, INIT_FORKNUM);
	index->rd_indam->ambuildempty(index);
}

/*
 * Update pg_class in place, as index_update_stats() does, and invalidate the
 * relation caches even if nothing changed.  relhasindex is already true.
 */
static void
set_statistics(Relation rel, uint64 nrows)
{
	BlockNumber visible = 0;
	BlockNumber frozen = 0;
	bool is_index = (rel->rd_rel->relkind == RELKIND_INDEX);

	if (is_index || poc_build_sets_statistics(rel))
	{
		if (!is_index)
			visibilitymap_count(rel, &visible, &frozen);
		vac_update_relstats(rel, RelationGetNumberOfBlocks(rel), (double) nrows, visible, frozen,
							rel->rd_rel->relhasindex, InvalidTransactionId, InvalidMultiXactId,
							NULL, NULL, true);
	}
	CacheInvalidateRelcache(rel);
}

/* indcheckxmin is about HOT chains of rows that existed at CREATE INDEX; they are gone. */
static void
clear_indcheckxmin(Relation rel, Oid index)
{
	Relation pg_index = table_open(IndexRelationId, RowExclusiveLock);
	HeapTuple tuple = SearchSysCacheCopy1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", index);
	form = (Form_pg_index) GETSTRUCT(tuple);
	if (form->indcheckxmin)
	{
		form->indcheckxmin = false;
		CatalogTupleUpdate(pg_index, &tuple->t_self, tuple);
		CacheInvalidateRelcache(rel);
	}
	heap_freetuple(tuple);
	table_close(pg_index, RowExclusiveLock);
}
