/*-------------------------------------------------------------------------
 *
 * fill_worker.c
 *	  A background worker of poc_fill(): takes ranges of rows and inserts
 *	  each in a transaction of its own.
 *
 * The worker runs with the user and the settings of the caller, and must stop
 * when the caller is gone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "libpq/pqmq.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/bufmgr.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "rows/fill.h"
#include "rows/plan/columns.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/write/load.h"
#include "rows/write/fill_parents.h"

static bool take_rows(FillState *state, uint64 *first, uint64 *nrows);
static void publish_commit_end(FillState *state);
static uint64 insert_batch(FillState *state, const char *options_text, uint64 *bases, uint64 first,
						   uint64 nrows, bool *large_enough);
static uint64 bytes_of(Oid relid);

void
poc_fill_worker(Datum segment_handle)
{
	dsm_segment *segment;
	shm_toc *toc;
	FillState *state;
	shm_mq *queue;
	uint32 number;
	const char *options_text;
	uint64 *bases;
	uint64 first;
	uint64 nrows;
	bool large_enough = false;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	CurrentResourceOwner = ResourceOwnerCreate(NULL, "poc_fill");
	CurrentMemoryContext = AllocSetContextCreate(TopMemoryContext, "poc_fill",
												 ALLOCSET_DEFAULT_SIZES);
	segment = dsm_attach(DatumGetUInt32(segment_handle));
	if (segment == NULL)
		proc_exit(0); /* the caller is gone already */
	toc = shm_toc_attach(FILL_MAGIC, dsm_segment_address(segment));
	state = shm_toc_lookup(toc, FILL_STATE, false);
	options_text = shm_toc_lookup(toc, FILL_OPTIONS, false);
	bases = shm_toc_lookup(toc, FILL_BASES, false);

	/* errors and notices go to the caller */
	number = pg_atomic_fetch_add_u32(&state->next_worker, 1);
	queue = shm_toc_lookup(toc, FILL_QUEUE + number, false);
	shm_mq_set_sender(queue, MyProc);
	pq_redirect_to_shm_mq(segment, shm_mq_attach(queue, segment, NULL));

	BackgroundWorkerInitializeConnectionByOid(state->database, state->session_user, 0);
	SetClientEncoding(GetDatabaseEncoding());
	StartTransactionCommand();
	RestoreGUCState(shm_toc_lookup(toc, FILL_SETTINGS, false));
	CommitTransactionCommand();
	SetUserIdAndSecContext(state->user, state->security);
	/* the caller flushes all commits at once before it reports them */
	SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION);

	while (!large_enough && take_rows(state, &first, &nrows))
	{
		uint64 inserted;

		CHECK_FOR_INTERRUPTS();
		SetCurrentStatementStartTimestamp();
		StartTransactionCommand();
		PushActiveSnapshot(GetTransactionSnapshot());
		pgstat_report_activity(STATE_RUNNING, "poc_fill()");
		inserted = insert_batch(state, options_text, bases, first, nrows, &large_enough);
		PopActiveSnapshot();
		CommitTransactionCommand();
		publish_commit_end(state);
		pg_atomic_fetch_add_u64(&state->committed, inserted);
		pgstat_report_stat(true);
		pgstat_report_activity(STATE_IDLE, NULL);
	}
	if (large_enough)
		pg_atomic_write_u32(&state->stop, 1);
	dsm_detach(segment);
}

/* Take the next range of rows that no other worker has; false if none is left. */
static bool
take_rows(FillState *state, uint64 *first, uint64 *nrows)
{
	uint64 taken;

	if (pg_atomic_read_u32(&state->stop) != 0)
		return false;
	taken = pg_atomic_fetch_add_u64(&state->next_row, state->batch);
	if (taken >= state->rows)
		return false;
	*first = state->start + taken;
	*nrows = Min(state->batch, state->rows - taken);
	return true;
}

/* Publish the LSN up to which the caller has to flush. */
static void
publish_commit_end(FillState *state)
{
	uint64 known = pg_atomic_read_u64(&state->commit_end);

	while (known < XactLastCommitEnd &&
		   !pg_atomic_compare_exchange_u64(&state->commit_end, &known, XactLastCommitEnd))
		/* known is now what another worker has published */;
}

static uint64
insert_batch(FillState *state, const char *options_text, uint64 *bases, uint64 first, uint64 nrows,
			 bool *large_enough)
{
	Jsonb *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(options_text)));
	RowsOptions *options = rows_parse_options(json);
	RowsCall call = {.bases = bases, .nbases = state->nbases, .was_empty = state->was_empty};
	RowsPlan *plan;
	uint64 inserted = 0;

	options->indexes = ROWS_INDEXES_EACH;
	plan = rows_prepare(state->target, nrows, (uint64) state->seed, options, &call);

	*large_enough = (state->bytes > 0 && bytes_of(state->target) >= state->bytes);
	if (!*large_enough)
		inserted = rows_write(plan, first, nrows, json);
	rows_close_plan(plan);
	return inserted;
}

/* Size of a table with its partitions and its TOAST tables, without indexes. */
static uint64
bytes_of(Oid relid)
{
	uint64 bytes = 0;
	ListCell *cell;

	foreach (cell, find_all_inheritors(relid, NoLock, NULL))
	{
		Relation rel = try_relation_open(lfirst_oid(cell), AccessShareLock);

		if (rel == NULL)
			continue;
		if (rel->rd_rel->relkind == RELKIND_RELATION)
		{
			bytes += (uint64) RelationGetNumberOfBlocks(rel) * BLCKSZ;
			if (OidIsValid(rel->rd_rel->reltoastrelid))
			{
				Relation toast = table_open(rel->rd_rel->reltoastrelid, AccessShareLock);

				bytes += (uint64) RelationGetNumberOfBlocks(toast) * BLCKSZ;
				table_close(toast, AccessShareLock);
			}
		}
		relation_close(rel, NoLock);
		if (!RELKIND_HAS_PARTITIONS(get_rel_relkind(relid)))
			break; /* children by plain inheritance are separate tables */
	}
	return bytes;
}
