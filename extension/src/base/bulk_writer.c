/*-------------------------------------------------------------------------
 *
 * bulk_writer.c
 *	  The bulk writer of PostgreSQL 17, for 15 and 16.
 *
 * Writes pages of a new file outside the shared buffers, logs them, and sets
 * their checksums, as nbtsort.c of these versions does.  The file must not be
 * visible to other sessions: its pages have no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xloginsert.h"
#include "storage/bufpage.h"
#include "storage/smgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/bulk_writer.h"

#ifdef POC_BULK_WRITER

/* Pages that are logged and written together, as many as fit into one WAL record. */
#define WAITING_PAGES XLR_MAX_BLOCK_ID

/* Alignment that direct I/O of PostgreSQL 16 requires. */
#define BUFFER_ALIGNMENT 4096

typedef struct WaitingPage
{
	BlockNumber block;
	BulkWriteBuffer buffer;
} WaitingPage;

struct BulkWriteState
{
	Relation rel;
	ForkNumber fork;
	bool use_wal;
	BlockNumber nblocks; /* of the file */
	int nwaiting;
	WaitingPage waiting[WAITING_PAGES];
	int nfree;
	BulkWriteBuffer free[WAITING_PAGES]; /* buffers to reuse */
	BulkWriteBuffer zeroes;				 /* a page of them, once there is a gap to fill */
	MemoryContext context;
};

static BulkWriteBuffer new_buffer(BulkWriteState *state);
static void flush(BulkWriteState *state);
static void write_page(BulkWriteState *state, BlockNumber block, BulkWriteBuffer buffer);
static int compare_pages(const void *left, const void *right);

BulkWriteState *
smgr_bulk_start_rel(Relation rel, ForkNumber fork)
{
	BulkWriteState *state = palloc0(sizeof(BulkWriteState));

	state->rel = rel;
	state->fork = fork;
	state->use_wal = RelationNeedsWAL(rel) || fork == INIT_FORKNUM;
	state->nblocks = smgrnblocks(RelationGetSmgr(rel), fork);
	state->context = AllocSetContextCreate(CurrentMemoryContext, "poc_barman bulk write",
										   ALLOCSET_DEFAULT_SIZES);
	return state;
}

/* Returns a page to fill; smgr_bulk_write() takes it back. */
BulkWriteBuffer
smgr_bulk_get_buf(BulkWriteState *state)
{
	return state->nfree > 0 ? state->free[--state->nfree] : new_buffer(state);
}

/* All pages written here have a standard header. */
void
smgr_bulk_write(BulkWriteState *state, BlockNumber block, BulkWriteBuffer buffer, bool page_std)
{
	Assert(page_std);
	state->waiting[state->nwaiting].block = block;
	state->waiting[state->nwaiting++].buffer = buffer;
	if (state->nwaiting == WAITING_PAGES)
		flush(state);
}

/*
 * A checkpoint after the first record does not sync a file that is written
 * outside the shared buffers: sync it here, before the commit.  A file without
 * WAL is synced at commit if it must survive.
 */
void
smgr_bulk_finish(BulkWriteState *state)
{
	flush(state);
	if (state->use_wal)
		smgrimmedsync(RelationGetSmgr(state->rel), state->fork);
	MemoryContextDelete(state->context);
	pfree(state);
}

static BulkWriteBuffer
new_buffer(BulkWriteState *state)
{
	return (BulkWriteBuffer) TYPEALIGN(BUFFER_ALIGNMENT,
									   MemoryContextAlloc(state->context, BLCKSZ + BUFFER_ALIGNMENT));
}

static void
flush(BulkWriteState *state)
{
	BlockNumber blocks[WAITING_PAGES];
	Page pages[WAITING_PAGES];

	if (state->nwaiting == 0)
		return;
	qsort(state->waiting, state->nwaiting, sizeof(WaitingPage), compare_pages);
	if (state->use_wal)
	{
		for (int i = 0; i < state->nwaiting; i++)
		{
			blocks[i] = state->waiting[i].block;
			pages[i] = (Page) state->waiting[i].buffer;
		}
		log_newpages(&state->rel->rd_locator, state->fork, state->nwaiting, blocks, pages, true);
	}
	for (int i = 0; i < state->nwaiting; i++)
		write_page(state, state->waiting[i].block, state->waiting[i].buffer);
	state->nwaiting = 0;
}

static void
write_page(BulkWriteState *state, BlockNumber block, BulkWriteBuffer buffer)
{
	SMgrRelation smgr = RelationGetSmgr(state->rel);

	PageSetChecksumInplace((Page) buffer, block);
	if (block < state->nblocks)
		smgrwrite(smgr, state->fork, block, (char *) buffer, true);
	else
	{
		/* fill the gap with zeroes; these pages come later */
		if (state->nblocks < block && state->zeroes == NULL)
			state->zeroes = memset(new_buffer(state), 0, BLCKSZ);
		while (state->nblocks < block)
			smgrextend(smgr, state->fork, state->nblocks++, (char *) state->zeroes, true);
		smgrextend(smgr, state->fork, state->nblocks++, (char *) buffer, true);
	}
	if (state->nfree < WAITING_PAGES)
		state->free[state->nfree++] = buffer;
}

static int
compare_pages(const void *left, const void *right)
{
	BlockNumber a = ((const WaitingPage *) left)->block;
	BlockNumber b = ((const WaitingPage *) right)->block;

	return (a > b) - (a < b);
}

#endif /* POC_BULK_WRITER */
