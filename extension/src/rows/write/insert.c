/*-------------------------------------------------------------------------
 *
 * insert.c
 *	  Inserts rows into the table: in batches (batch.c), or one by one.
 *
 * Follows COPY FROM step by step.  It must never skip a check that an INSERT
 * of the same user would make: privileges, constraints, partition bounds,
 * triggers, indexes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/progress.h"
#include "commands/trigger.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "utils/acl.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/write/batch.h"
#include "rows/write/indexes.h"
#include "rows/write/insert.h"
#include "rows/write/maker.h"
#include "rows/write/triggers.h"
#include "rows/write/tuple.h"
#include "rows/write/unique_start.h"

static void start_insert(RowsInsert *insert, RowsPlan *plan, uint64 end, bool with_indexes);
static void check_privileges(RowsInsert *insert, ParseState *pstate, Relation rel);
static void insert_row(RowsInsert *insert, uint64 row);
static ResultRelInfo *route_row(RowsInsert *insert, TupleTableSlot **slot);
static void write_one(RowsInsert *insert, ResultRelInfo *relinfo, TupleTableSlot *slot);
static void end_insert(RowsInsert *insert);
static void start_progress(Oid relid, uint64 nrows);

/* Make rows first, first + 1, ... and insert them; returns the number inserted. */
uint64
rows_insert(RowsPlan *plan, uint64 first, uint64 nrows)
{
	RowsInsert insert = {0};
	Oid relid = RelationGetRelid(plan->rel);
	CommandId began = GetCurrentCommandId(false);
	bool indexes_after = rows_may_index_after(plan, nrows);
	ErrorContextCallback callback;

	rows_find_bases(plan, first + nrows);
	start_insert(&insert, plan, first + nrows, !indexes_after);
	if (indexes_after && plan->options->indexes != ROWS_INDEXES_REINDEX)
		insert.entries = rows_collect_entries(plan->rel);
	insert.wanted = nrows;
	start_progress(relid, nrows);

	callback.callback = rows_error_context;
	callback.arg = insert.maker;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	for (uint64 i = 0; i < nrows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		insert_row(&insert, first + i);
	}
	rows_write_batch(&insert);
	error_context_stack = callback.previous;
	/* a function has written since the table was seen to be empty, perhaps to it */
	if (GetCurrentCommandId(false) != began)
		insert.entries = NULL;

	end_insert(&insert);
	pgstat_progress_end_command();

	/* make the rows visible to later commands */
	CommandCounterIncrement();
	if (indexes_after)
		rows_index_after(plan->rel, insert.entries, insert.inserted);
	return insert.inserted;
}

/* Set up the executor state of an INSERT. */
static void
start_insert(RowsInsert *insert, RowsPlan *plan, uint64 end, bool with_indexes)
{
	EState *estate = CreateExecutorState();
	ParseState *pstate = make_parsestate(NULL);
	ModifyTableState *mtstate;

	insert->plan = plan;
	insert->estate = estate;
	check_privileges(insert, pstate, plan->rel);

	ExecInitRangeTable(estate, pstate->p_rtable, poc_rteperminfos(pstate), bms_make_singleton(1));
	insert->root = makeNode(ResultRelInfo);
	ExecInitResultRelation(estate, insert->root, 1);
	CheckValidResultRel(insert->root, CMD_INSERT, ONCONFLICT_NONE, NIL);
	rows_disable_checks(plan, insert->root->ri_TrigDesc);
	if (with_indexes)
		ExecOpenIndices(insert->root, false);

	mtstate = makeNode(ModifyTableState);
	mtstate->ps.plan = NULL;
	mtstate->ps.state = estate;
	mtstate->operation = CMD_INSERT;
	mtstate->mt_nrels = 1;
	mtstate->resultRelInfo = insert->root;
	mtstate->rootResultRelInfo = insert->root;
	insert->mtstate = mtstate;

	AfterTriggerBeginQuery();
	if (plan->rel->trigdesc != NULL && plan->rel->trigdesc->trig_insert_new_table)
		insert->transition = mtstate
								 ->mt_transition_capture = MakeTransitionCaptureState(plan->rel->trigdesc,
																					  RelationGetRelid(
																						  plan->rel),
																					  CMD_INSERT);
	if (plan->rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		insert->routing = ExecSetupPartitionTupleRouting(estate, plan->rel);
	ExecBSInsertTriggers(estate, insert->root);

	insert->maker = rows_make_maker(plan, estate, end);
	insert->command = GetCurrentCommandId(true);
	insert->flush_context = AllocSetContextCreate(CurrentMemoryContext, "poc_barman batch",
												  ALLOCSET_DEFAULT_SIZES);
	insert->slot = MakeSingleTupleTableSlot(RelationGetDescr(plan->rel),
											table_slot_callbacks(plan->rel));
	if (plan->path == ROWS_PATH_MULTI && insert->routing == NULL)
		insert->current = rows_batch_buffer(insert, insert->root);
}

/* Require INSERT on each column that the caller's INSERT would have to name. */
static void
check_privileges(RowsInsert *insert, ParseState *pstate, Relation rel)
{
	ParseNamespaceItem *item = addRangeTableEntryForRelation(pstate, rel, RowExclusiveLock, NULL,
															 false, false);
	PocPermissions *permissions = poc_nsitem_permissions(item);

	permissions->requiredPerms = ACL_INSERT;
	for (int i = 0; i < insert->plan->natts; i++)
	{
		RowsColumn *column = &insert->plan->columns[i];

		if (column->kind != ROWS_COLUMN_NOTHING && column->kind != ROWS_COLUMN_DEFAULT &&
			column->kind != ROWS_COLUMN_SEQUENCE && column->kind != ROWS_COLUMN_NULL)
			permissions->insertedCols = bms_add_member(permissions->insertedCols,
													   column->attnum -
														   FirstLowInvalidHeapAttributeNumber);
	}
	ExecCheckPermissions(pstate->p_rtable, poc_rteperminfos(pstate), true);
}

static void
insert_row(RowsInsert *insert, uint64 row)
{
	ResultRelInfo *relinfo = insert->root;
	RowsBuffer *buffer = insert->routing == NULL ? insert->current : NULL;
	TupleTableSlot *slot = insert->slot;

	ResetPerTupleExprContext(insert->estate);
	if (buffer != NULL)
	{
		slot = rows_batch_slot(buffer);
	}

	ExecClearTuple(slot);
	rows_make_row(insert->maker, row, slot->tts_values, slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(relinfo->ri_RelationDesc);

	if (insert->routing != NULL)
		relinfo = route_row(insert, &slot);

	if (relinfo->ri_TrigDesc != NULL && relinfo->ri_TrigDesc->trig_insert_before_row &&
		!ExecBRInsertTriggers(insert->estate, relinfo, slot))
	{
		if (insert->plan->path != ROWS_PATH_MULTI)
			rows_reset_maker(insert->maker);
		return; /* the trigger suppressed the row */
	}

	if (relinfo->ri_RelationDesc->rd_att->constr != NULL)
	{
		if (relinfo->ri_RelationDesc->rd_att->constr->has_generated_stored)
			ExecComputeStoredGenerated(relinfo, insert->estate, slot, CMD_INSERT);
		ExecConstraints(relinfo, slot, insert->estate);
	}
	if (relinfo->ri_RelationDesc->rd_rel->relispartition &&
		(insert->routing == NULL ||
		 (relinfo->ri_TrigDesc != NULL && relinfo->ri_TrigDesc->trig_insert_before_row)))
		ExecPartitionCheck(relinfo, slot, insert->estate, true);

	if (insert->plan->path != ROWS_PATH_MULTI)
	{
		write_one(insert, relinfo, slot);
		rows_reset_maker(insert->maker);
		return;
	}

	buffer = insert->current;
	buffer->formed[buffer->nslots] = buffer->layout != NULL &&
									 rows_store_tuple(buffer->layout, slot, &insert->maker->arena);
	buffer->rows[buffer->nslots++] = row;
	if (rows_batch_is_full(insert))
		rows_write_batch(insert);
}

/* Route a row to its partition; *slot becomes a slot of that partition. */
static ResultRelInfo *
route_row(RowsInsert *insert, TupleTableSlot **slot)
{
	ResultRelInfo *relinfo = ExecFindPartition(insert->mtstate, insert->root, insert->routing,
											   *slot, insert->estate);
	TupleConversionMap *map;
	TupleTableSlot *target;

	if (insert->plan->path == ROWS_PATH_MULTI)
	{
		RowsBuffer *buffer = rows_batch_buffer(insert, relinfo);

		insert->current = buffer;
		target = rows_batch_slot(buffer);
	}
	else
		target = relinfo->ri_PartitionTupleSlot;

	map = ExecGetRootToChildMap(relinfo, insert->estate);
	if (map != NULL)
		*slot = execute_attr_map_slot(map->attrMap, *slot, target);
	else if (target != NULL)
	{
		/* the values themselves stay in the arena until the row is written */
		ExecClearTuple(target);
		memcpy(target->tts_values, (*slot)->tts_values, sizeof(Datum) * insert->plan->natts);
		memcpy(target->tts_isnull, (*slot)->tts_isnull, sizeof(bool) * insert->plan->natts);
		*slot = ExecStoreVirtualTuple(target);
	}
	(*slot)->tts_tableOid = RelationGetRelid(relinfo->ri_RelationDesc);
	return relinfo;
}

static void
write_one(RowsInsert *insert, ResultRelInfo *relinfo, TupleTableSlot *slot)
{
	List *recheck = NIL;

	table_tuple_insert(relinfo->ri_RelationDesc, slot, insert->command, 0, NULL);
	if (relinfo->ri_NumIndices > 0)
		recheck = ExecInsertIndexTuples(relinfo, insert->estate, 0, slot, NIL, NULL);
	ExecARInsertTriggers(insert->estate, relinfo, slot, recheck, insert->transition);
	list_free(recheck);
	pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, ++insert->inserted);
}

static void
end_insert(RowsInsert *insert)
{
	rows_end_batches(insert);
	ExecASInsertTriggers(insert->estate, insert->root, insert->transition);
	AfterTriggerEndQuery(insert->estate);

	if (insert->maker->check_slot != NULL)
		ExecDropSingleTupleTableSlot(insert->maker->check_slot);
	ExecDropSingleTupleTableSlot(insert->slot);
	if (insert->routing != NULL)
		ExecCleanupTupleRouting(insert->mtstate, insert->routing);
	ExecResetTupleTable(insert->estate->es_tupleTable, false);
	ExecCloseResultRelations(insert->estate);
	ExecCloseRangeTableRelations(insert->estate);
	FreeExecutorState(insert->estate);
}

/* Report to pg_stat_progress_copy, as a COPY FROM with rows from a callback. */
static void
start_progress(Oid relid, uint64 nrows)
{
	const int params[] = {PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE};
	const int64 values[] = {PROGRESS_COPY_COMMAND_FROM, PROGRESS_COPY_TYPE_CALLBACK};

	pgstat_progress_start_command(PROGRESS_COMMAND_COPY, relid);
	pgstat_progress_update_multi_param(lengthof(params), params, values);
}
