/*-------------------------------------------------------------------------
 *
 * batch.h
 *	  Rows that are gathered for each table or partition, and written together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_BATCH_H
#define POC_ROWS_WRITE_BATCH_H

#include "access/heapam.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "executor/execPartition.h"
#include "nodes/execnodes.h"

#include "rows/value/arena.h"
#include "rows/write/indexes.h"
#include "rows/write/maker.h"
#include "rows/write/tuple.h"

/* Rows inserted per batch; more does not help. */
#define ROWS_BATCH_ROWS 1000
/* ... and the memory that their values may take */
#define ROWS_BATCH_BYTES (512 * 1024)

/* Rows to be inserted into one table or partition. */
typedef struct RowsBuffer
{
	ResultRelInfo *relinfo;
	RowsLayout *layout; /* NULL: the access method forms the tuples */
	BulkInsertState bistate;
	BlockNumber first_block; /* first block written */
	uint64 nrows;			 /* rows written */
	int nslots;
	TupleTableSlot *slots[ROWS_BATCH_ROWS];
	bool formed[ROWS_BATCH_ROWS]; /* does the slot hold a tuple made here? */
	uint64 rows[ROWS_BATCH_ROWS]; /* row numbers, for the error context */
} RowsBuffer;

/* An INSERT of many rows. */
typedef struct RowsInsert
{
	RowsPlan *plan;
	RowsMaker *maker;
	EState *estate;
	ModifyTableState *mtstate;
	ResultRelInfo *root;
	PartitionTupleRouting *routing;
	TransitionCaptureState *transition;
	CommandId command;
	MemoryContext flush_context;
	TupleTableSlot *slot; /* of the root, if rows are routed */
	List *buffers;		  /* of RowsBuffer */
	RowsBuffer *current;
	RowsEntries *entries; /* of an index that is built after the load */
	uint64 wal_told;	  /* wal_bytes when the WAL writer was last woken */
	uint64 wanted;		  /* total number of rows */
	uint64 inserted;
} RowsInsert;

/* The buffer of a table or partition, created on first use. */
extern RowsBuffer *rows_batch_buffer(RowsInsert *insert, ResultRelInfo *relinfo);

/* The slot of its next row. */
static inline TupleTableSlot *
rows_batch_slot(RowsBuffer *buffer)
{
	if (unlikely(buffer->slots[buffer->nslots] == NULL))
		buffer->slots[buffer->nslots] = table_slot_create(buffer->relinfo->ri_RelationDesc, NULL);
	return buffer->slots[buffer->nslots];
}

/* Is it time to write them? */
static inline bool
rows_batch_is_full(const RowsInsert *insert)
{
	return insert->current->nslots == ROWS_BATCH_ROWS ||
		   rows_arena_size(&insert->maker->arena) > ROWS_BATCH_BYTES;
}

/* Write all buffered rows. */
extern void rows_write_batch(RowsInsert *insert);

/* After the last batch. */
extern void rows_end_batches(RowsInsert *insert);

#endif /* POC_ROWS_WRITE_BATCH_H */
