/*-------------------------------------------------------------------------
 *
 * fill_pool.c
 *	  The background workers that fill a table: starts them, passes on what they
 *	  report, and ends them.
 *
 * Each worker commits on its own, so a call is not atomic: after an error, committed
 * rows stay, and the error reports them.  No worker may outlive the call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_proc.h"
#include "libpq/pqformat.h"
#include "libpq/pqmq.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "replication/syncrep.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/progress_mode.h"
#include "rows/fill.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/write/hierarchy.h"

/* Rows of one transaction: enough to make the cost of a commit negligible. */
#define MOST_BATCH_ROWS	 100000
#define LEAST_BATCH_ROWS 1000
/* ... when the caller asks for a size */
#define SIZED_BATCH_ROWS 10000

/* Size of a worker's message queue: a long error fits. */
#define QUEUE_BYTES 65536

#define SECONDS_OF_PROGRESS 5

typedef struct Fill
{
	FillState *state;
	dsm_segment *segment;
	int nworkers;
	BackgroundWorkerHandle *workers[FILL_MOST_WORKERS];
	shm_mq_handle *queues[FILL_MOST_WORKERS]; /* NULL when the worker is done */
} Fill;

static char *options_of_workers(RowsPlan *plan, Jsonb *options);
static void share_state(Fill *fill, RowsPlan *plan, const char *options, int nworkers);
static void start_workers(Fill *fill, int nworkers);
static int used_slots(void);
static void wait_for_start(Fill *fill);
static void wait_for_workers(Fill *fill, TimestampTz began);
static bool read_messages(Fill *fill, int worker);
static void stop_workers(Fill *fill);
static uint64 make_durable(FillState *state);
static void wait_for_standbys(FillState *state);
static void stop_when_detached(dsm_segment *segment, Datum state);

/*
 * Make rows of the plan's table in background workers, which commit them, until there are
 * so many or the table has the size (0: any).  *nworkers becomes the number that worked.
 * Returns the number of rows.
 */
uint64
rows_fill(RowsPlan *plan, int64 seed, uint64 rows, uint64 bytes, Jsonb *options, int *nworkers)
{
	TimestampTz began = GetCurrentTimestamp();
	Fill *fill = palloc0(sizeof(Fill));
	FillState state = {0};
	ListCell *cell;
	uint64 committed;

	state.database = MyDatabaseId;
	state.session_user = GetSessionUserId();
	GetUserIdAndSecContext(&state.user, &state.security);
	state.target = RelationGetRelid(plan->target);
	state.seed = seed;
	state.start = plan->options->start;
	state.rows = rows;
	state.bytes = bytes;
	state.batch = bytes > 0 ? SIZED_BATCH_ROWS
							: Max(LEAST_BATCH_ROWS, Min(MOST_BATCH_ROWS, rows / (*nworkers * 4)));
	state.batch -= state.batch % ROWS_BLOCK;
	state.nbases = list_length(plan->uniques);
	foreach (cell, plan->hierarchies)
		state.was_empty |= !((RowsHierarchy *) lfirst(cell))->is_unique;
	fill->state = &state;
	share_state(fill, plan, options_of_workers(plan, options), *nworkers);

	PG_TRY();
	{
		start_workers(fill, *nworkers);
		wait_for_workers(fill, began);
	}
	PG_CATCH();
	{
		committed = make_durable(fill->state);
		stop_workers(fill);
		ereport(WARNING, (errmsg("poc_fill() stopped: at least " UINT64_FORMAT " rows are committed",
								 committed)));
		PG_RE_THROW();
	}
	PG_END_TRY();

	committed = make_durable(fill->state);
	wait_for_standbys(fill->state);
	*nworkers = fill->nworkers;
	stop_workers(fill);
	return committed;
}

/* The same "now" for all, also when midnight passes. */
static char *
options_of_workers(RowsPlan *plan, Jsonb *options)
{
	char *text = JsonbToCString(NULL, &options->root, VARSIZE(options));
	char *now;

	if (plan->options->now_is_given)
		return text;
	now = DatumGetCString(
		DirectFunctionCall1(date_out,
							DateADTGetDatum((DateADT) (plan->options->now / USECS_PER_DAY))));
	return psprintf("{\"now\": \"%s\"%s%s", now, JB_ROOT_COUNT(options) > 0 ? ", " : "", text + 1);
}

static void
share_state(Fill *fill, RowsPlan *plan, const char *options, int nworkers)
{
	shm_toc_estimator estimator;
	Size settings_size = EstimateGUCStateSpace();
	Size size;
	shm_toc *toc;
	FillState *state;
	char *copy;
	uint64 *bases;
	ListCell *cell;

	shm_toc_initialize_estimator(&estimator);
	shm_toc_estimate_chunk(&estimator, sizeof(FillState));
	shm_toc_estimate_chunk(&estimator, strlen(options) + 1);
	shm_toc_estimate_chunk(&estimator, settings_size);
	shm_toc_estimate_chunk(&estimator, sizeof(uint64) * (fill->state->nbases + 1));
	for (int i = 0; i < nworkers; i++)
		shm_toc_estimate_chunk(&estimator, QUEUE_BYTES);
	shm_toc_estimate_keys(&estimator, 4 + nworkers);
	size = shm_toc_estimate(&estimator);

	fill->segment = dsm_create(size, 0);
	toc = shm_toc_create(FILL_MAGIC, dsm_segment_address(fill->segment), size);
	state = shm_toc_allocate(toc, sizeof(FillState));
	*state = *fill->state;
	pg_atomic_init_u32(&state->next_worker, 0);
	pg_atomic_init_u64(&state->next_row, 0);
	pg_atomic_init_u64(&state->committed, 0);
	pg_atomic_init_u64(&state->commit_end, 0);
	pg_atomic_init_u32(&state->stop, 0);
	shm_toc_insert(toc, FILL_STATE, state);
	fill->state = state;

	copy = shm_toc_allocate(toc, strlen(options) + 1);
	strcpy(copy, options);
	shm_toc_insert(toc, FILL_OPTIONS, copy);
	copy = shm_toc_allocate(toc, settings_size);
	SerializeGUCState(settings_size, copy);
	shm_toc_insert(toc, FILL_SETTINGS, copy);
	bases = shm_toc_allocate(toc, sizeof(uint64) * (state->nbases + 1));
	foreach (cell, plan->uniques)
		bases[foreach_current_index(cell)] = ((RowsUnique *) lfirst(cell))->base;
	shm_toc_insert(toc, FILL_BASES, bases);

	for (int i = 0; i < nworkers; i++)
	{
		shm_mq *queue = shm_mq_create(shm_toc_allocate(toc, QUEUE_BYTES), QUEUE_BYTES);

		shm_mq_set_receiver(queue, MyProc);
		shm_toc_insert(toc, FILL_QUEUE + i, queue);
		fill->queues[i] = shm_mq_attach(queue, fill->segment, NULL);
	}
	/* the workers stop whenever this process detaches from the segment */
	on_dsm_detach(fill->segment, stop_when_detached, PointerGetDatum(state));
}

static void
stop_when_detached(dsm_segment *segment, Datum state)
{
	pg_atomic_write_u32(&((FillState *) DatumGetPointer(state))->stop, 1);
}

/*
 * Leave at least half of the slots for background workers free, however many
 * sessions run poc_fill(): parallel queries and replication need them too.
 * One session at a time counts the free slots and takes some.
 */
static void
start_workers(Fill *fill, int nworkers)
{
	BackgroundWorker worker = {0};
	int used;

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(fill->segment));
	strlcpy(worker.bgw_library_name, "poc_barman", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "poc_fill_worker", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_type, "poc_barman fill", BGW_MAXLEN);
	snprintf(worker.bgw_name, BGW_MAXLEN, "poc_barman fill for PID %d", MyProcPid);

	/* no SQL statement can lock a function as a shared object */
	LockSharedObject(ProcedureRelationId, InvalidOid, 0, ExclusiveLock);
	used = used_slots();
	for (int i = 0; i < nworkers && used + i < max_worker_processes / 2; i++)
	{
		if (!RegisterDynamicBackgroundWorker(&worker, &fill->workers[i]))
			break;
		fill->nworkers++;
	}
	wait_for_start(fill);
	UnlockSharedObject(ProcedureRelationId, InvalidOid, 0, ExclusiveLock);

	if (fill->nworkers == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no background worker is free for poc_fill()"),
				 errdetail("Half of max_worker_processes, which is %d, stays free for others, and %d are in use.",
						   max_worker_processes, used),
				 errhint("Raise max_worker_processes, or use poc_generate_rows().")));
	if (fill->nworkers < nworkers)
		ereport(NOTICE,
				(errmsg("poc_fill() runs with %d of %d workers", fill->nworkers, nworkers),
				 errdetail("Half of max_worker_processes, which is %d, stays free for others, and %d were in use.",
						   max_worker_processes, used),
				 errhint("Raise max_worker_processes to have more.")));
}

/* How many workers poc_fill() could start now. */
int
rows_free_workers(void)
{
	return Max(max_worker_processes / 2 - used_slots(), 0);
}

/* Number of background workers of any kind that run now. */
static int
used_slots(void)
{
	int used = 0;

	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		PGPROC *proc = &ProcGlobal->allProcs[i];

		/* the PID may remain after the process ended, but the latch then has no owner */
		if (proc->procLatch.owner_pid != 0 &&
			(void *) proc->procgloballist == (void *) &ProcGlobal->bgworkerFreeProcs)
			used++;
	}
	return used;
}

/* Wait until all workers have started.  wait_for_workers() reports one that failed to start. */
static void
wait_for_start(Fill *fill)
{
	for (;;)
	{
		if (pg_atomic_read_u32(&fill->state->next_worker) >= (uint32) fill->nworkers)
			return;
		for (int i = 0; i < fill->nworkers; i++)
		{
			pid_t pid;

			if (GetBackgroundWorkerPid(fill->workers[i], &pid) == BGWH_STOPPED)
				return;
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 100,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Wait until all workers have ended, and raise the first error of any of them. */
static void
wait_for_workers(Fill *fill, TimestampTz began)
{
	TimestampTz told = began;

	for (;;)
	{
		int running = 0;

		for (int i = 0; i < fill->nworkers; i++)
		{
			if (fill->queues[i] != NULL && read_messages(fill, i))
				running++;
		}
		if (running == 0)
		{
			/* workers take queues in the order of their start: wait for all */
			for (int i = 0; i < fill->nworkers; i++)
				WaitForBackgroundWorkerShutdown(fill->workers[i]);
			return;
		}

		if (poc_progress() == POC_PROGRESS_LOG &&
			TimestampDifferenceExceeds(told, GetCurrentTimestamp(), SECONDS_OF_PROGRESS * 1000))
		{
			uint64 committed = pg_atomic_read_u64(&fill->state->committed);

			told = GetCurrentTimestamp();
			ereport(NOTICE, (errmsg("poc_fill(): " UINT64_FORMAT " rows, %.0f rows/s", committed,
									committed / ((told - began) / 1e6))));
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 100,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * The workers commit asynchronously.  Flush their commits before reporting
 * them, if the caller's synchronous_commit asks for that.  Returns the number
 * of committed rows.
 */
static uint64
make_durable(FillState *state)
{
	uint64 committed = pg_atomic_read_u64(&state->committed);
	XLogRecPtr end;

	pg_read_barrier();
	end = pg_atomic_read_u64(&state->commit_end);
	if (end != InvalidXLogRecPtr && synchronous_commit > SYNCHRONOUS_COMMIT_OFF)
		XLogFlush(end);
	return committed;
}

/* Wait for standbys as a commit of the caller would. */
static void
wait_for_standbys(FillState *state)
{
	HOLD_INTERRUPTS();
	SyncRepWaitForLSN(pg_atomic_read_u64(&state->commit_end), true);
	RESUME_INTERRUPTS();
}

/* Returns false when the worker will send no more messages. */
static bool
read_messages(Fill *fill, int worker)
{
	for (;;)
	{
		Size size;
		void *data;
		shm_mq_result result = shm_mq_receive(fill->queues[worker], &size, &data, true);
		StringInfoData message;
		ErrorData error;

		if (result == SHM_MQ_WOULD_BLOCK)
		{
			pid_t pid;
			bool all_stopped = true;

			/* a worker that failed to start never attaches */
			for (int i = 0; i < fill->nworkers; i++)
				all_stopped &= (GetBackgroundWorkerPid(fill->workers[i], &pid) == BGWH_STOPPED);
			if (!all_stopped)
				return true;
			if (shm_mq_get_sender(shm_mq_get_queue(fill->queues[worker])) == NULL)
			{
				fill->queues[worker] = NULL;
				ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
								errmsg("a worker of poc_fill() ended before it began"),
								errhint("The server log tells why.")));
			}
			return true;
		}
		if (result == SHM_MQ_DETACHED)
		{
			fill->queues[worker] = NULL;
			return false;
		}

		initStringInfo(&message);
		appendBinaryStringInfo(&message, data, size);
		switch (pq_getmsgbyte(&message))
		{
			case 'E':
				pq_parse_errornotice(&message, &error);
				error.elevel = ERROR;
				error.context = error.context ? psprintf("%s\nworker %d of poc_fill()",
														 error.context, worker + 1)
											  : psprintf("worker %d of poc_fill()", worker + 1);
				ThrowErrorData(&error);
				break;
			case 'N':
				pq_parse_errornotice(&message, &error);
				ThrowErrorData(&error);
				break;
			default:
				break;
		}
		pfree(message.data);
	}
}

/* Has no effect on workers that have ended. */
static void
stop_workers(Fill *fill)
{
	HOLD_INTERRUPTS();
	for (int i = 0; i < fill->nworkers; i++)
		TerminateBackgroundWorker(fill->workers[i]);
	/* free the queues, on which a worker may be waiting */
	if (fill->segment != NULL)
		dsm_detach(fill->segment);
	fill->segment = NULL;
	for (int i = 0; i < fill->nworkers; i++)
		WaitForBackgroundWorkerShutdown(fill->workers[i]);
	RESUME_INTERRUPTS();
}
