/*-------------------------------------------------------------------------
 *
 * fill.h
 *	  Filling a table by background workers, and the state that they share with
 *	  poc_fill() in dynamic shared memory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_FILL_H
#define POC_ROWS_FILL_H

#include "port/atomics.h"
#include "utils/jsonb.h"

#include "rows/plan/parts.h"

#define FILL_MAGIC 0x706f6366 /* "pocf" */

/* Keys of the shm_toc; the queue of worker i is at FILL_QUEUE + i. */
#define FILL_STATE	  1
#define FILL_OPTIONS  2
#define FILL_SETTINGS 3
#define FILL_BASES	  4
#define FILL_QUEUE	  100

#define FILL_MOST_WORKERS 64

typedef struct FillState
{
	/* identity and task; written before the workers start */
	Oid database;
	Oid session_user;
	Oid user;
	int security; /* context */
	Oid target;
	int64 seed;
	uint64 start; /* number of the first row */
	uint64 rows;  /* total to make */
	uint64 batch; /* per transaction */
	uint64 bytes; /* stop when the table has this size; 0: no limit */
	int nbases;
	bool was_empty; /* rows refer to each other, in each worker alike */

	/* progress */
	pg_atomic_uint32 next_worker;
	pg_atomic_uint64 next_row;
	pg_atomic_uint64 committed;
	pg_atomic_uint64 commit_end; /* WAL position of the last commit */
	pg_atomic_uint32 stop;
} FillState;

extern RowsPlan *rows_plan_fill(Oid relid, int64 seed, Jsonb *json, uint64 nrows);
extern uint64 rows_fill(RowsPlan *plan, int64 seed, uint64 rows, uint64 bytes, Jsonb *options,
						int *nworkers);
extern int rows_free_workers(void);

/* fill_worker.c */
extern PGDLLEXPORT void poc_fill_worker(Datum segment);

#endif /* POC_ROWS_FILL_H */
