/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  Gathers rows for each table or partition, and writes a thousand at a time.
 *
 * Follows COPY FROM step by step, as insert.c does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/hio.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "commands/progress.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/write/batch.h"
#include "rows/write/triggers.h"

/* Amount of WAL that is worth waking the WAL writer. */
#define WAL_BYTES_TO_WRITE (1024 * 1024)

/* A table may fill 1/2 of the shared buffers; INSERT could fill them all. */
#define BUFFER_PART 2

static void wake_wal_writer(RowsInsert *insert);
static void write_buffer(RowsInsert *insert, RowsBuffer *buffer);
static void limit_buffers(RowsBuffer *buffer);

RowsBuffer *
rows_batch_buffer(RowsInsert *insert, ResultRelInfo *relinfo)
{
	RowsBuffer *buffer = insert->current;
	ListCell *cell;

	if (buffer != NULL && buffer->relinfo == relinfo)
		return buffer;
	foreach (cell, insert->buffers)
	{
		buffer = lfirst(cell);
		if (buffer->relinfo == relinfo)
			return buffer;
	}

	buffer = palloc0(sizeof(RowsBuffer));
	buffer->relinfo = relinfo;
	buffer->layout = rows_make_layout(relinfo->ri_RelationDesc);
	buffer->bistate = GetBulkInsertState();
	buffer->first_block = InvalidBlockNumber;
	FreeAccessStrategy(buffer->bistate->strategy);
	buffer->bistate->strategy = NULL;
	if (insert->routing != NULL)
		rows_disable_checks(insert->plan, relinfo->ri_TrigDesc);
	insert->buffers = lappend(insert->buffers, buffer);
	return buffer;
}

void
rows_write_batch(RowsInsert *insert)
{
	ListCell *cell;

	foreach (cell, insert->buffers)
		write_buffer(insert, lfirst(cell));
	wake_wal_writer(insert);
	rows_reset_maker(insert->maker);
	pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, insert->inserted);
}

void
rows_end_batches(RowsInsert *insert)
{
	ListCell *cell;

	foreach (cell, insert->buffers)
	{
		RowsBuffer *buffer = lfirst(cell);

		FreeBulkInsertState(buffer->bistate);
		table_finish_bulk_insert(buffer->relinfo->ri_RelationDesc, 0);
		for (int i = 0; i < ROWS_BATCH_ROWS && buffer->slots[i] != NULL; i++)
			ExecDropSingleTupleTableSlot(buffer->slots[i]);
	}
}

/*
 * Let the WAL writer write and flush what exists while this process
 * continues.  Otherwise it wakes only five times a second, and this process
 * has to write when the WAL buffers are full, and wait for the rest at commit.
 */
static void
wake_wal_writer(RowsInsert *insert)
{
	if (pgWalUsage.wal_bytes - insert->wal_told < WAL_BYTES_TO_WRITE)
		return;
	insert->wal_told = pgWalUsage.wal_bytes;
	/*
	 * Up to our last record, as a commit does: the start of the next record
	 * may be after a page header that nobody has initialized.
	 */
	XLogSetAsyncXactLSN(XactLastRecEnd);
}

static void
write_buffer(RowsInsert *insert, RowsBuffer *buffer)
{
	ResultRelInfo *relinfo = buffer->relinfo;
	EState *estate = insert->estate;
	bool has_triggers = relinfo->ri_TrigDesc != NULL &&
						(relinfo->ri_TrigDesc->trig_insert_after_row ||
						 relinfo->ri_TrigDesc->trig_insert_new_table);
	MemoryContext old;

	if (buffer->nslots == 0)
		return;

	/* table_multi_insert() leaks */
	old = MemoryContextSwitchTo(insert->flush_context);
	table_multi_insert(relinfo->ri_RelationDesc, buffer->slots, buffer->nslots, insert->command, 0,
					   buffer->bistate);
	MemoryContextSwitchTo(old);
	MemoryContextReset(insert->flush_context);
	limit_buffers(buffer);
	insert->inserted += buffer->nslots;
	buffer->nrows += buffer->nslots;

	for (int i = 0; i < buffer->nslots; i++)
	{
		TupleTableSlot *slot = buffer->slots[i];

		if (insert->entries != NULL)
			rows_add_entry(insert->entries, slot);
		if (relinfo->ri_NumIndices > 0 || has_triggers)
		{
			List *recheck = NIL;

			insert->maker->row = buffer->rows[i];
			ResetPerTupleExprContext(estate);
			if (relinfo->ri_NumIndices > 0)
				recheck = ExecInsertIndexTuples(relinfo, estate, 0, slot, NIL, NULL);
			if (has_triggers)
				ExecARInsertTriggers(estate, relinfo, slot, recheck, insert->transition);
			list_free(recheck);
			if ((i & 127) == 127)
				CHECK_FOR_INTERRUPTS();
		}
		if (buffer->formed[i])
			rows_forget_tuple(slot);
		ExecClearTuple(slot);
	}
	buffer->nslots = 0;
}

/*
 * Like any INSERT, use the shared buffers, which avoids writing pages early
 * and reading them again for the indexes.  Beyond BUFFER_PART, continue in a
 * ring, as COPY does from the start.
 */
static void
limit_buffers(RowsBuffer *buffer)
{
	BulkInsertState bistate = buffer->bistate;
	BlockNumber block;

	if (bistate->strategy != NULL || !BufferIsValid(bistate->current_buf))
		return;
	block = BufferGetBlockNumber(bistate->current_buf);
	if (buffer->first_block == InvalidBlockNumber)
		buffer->first_block = block;
	else if (block > buffer->first_block && block - buffer->first_block > NBuffers / BUFFER_PART)
		bistate->strategy = GetAccessStrategy(BAS_BULKWRITE);
}
