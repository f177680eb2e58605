/*-------------------------------------------------------------------------
 *
 * rows_extend.c
 *	  Room at the end of a relation, many pages at once.
 *
 * PostgreSQL 15 adds a page by writing zeros to the file, and its bulk inserts
 * add one after the other; since 16 they add many, and whoever fills an index
 * can.  Must never touch a page that another session may know.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>

#include "access/heapam.h"
#include "access/hio.h"
#include "access/htup_details.h"
#include "common/relpath.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
#include "storage/fd.h"
#include "storage/freespace.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

#include "compat.h"
#include "rows.h"

#ifdef POC_EXTENDS_BY_ONE

/* Pages that are added to a table at once: fewer are not worth it. */
#define LEAST_PAGES			8
#define MOST_PAGES			128

/* Where the rows of a load go. */
struct RowsRoom
{
	Relation	rel;
	BlockNumber nblocks;		/* that the table had before */
	BlockNumber end;			/* of the pages that were added in advance, or 0 */
};

static void offer(Relation rel, BlockNumber first, uint32 npages);
static bool allocate(Relation rel, BlockNumber first, uint32 npages);

/* NULL if room is not for us to make. */
RowsRoom *
rows_start_room(Relation rel)
{
	RowsRoom   *room;

	if (rel->rd_tableam != GetHeapamTableAmRoutine() || RelationUsesLocalBuffers(rel))
		return NULL;
	room = palloc0(sizeof(RowsRoom));
	room->rel = rel;
	room->nblocks = RelationGetNumberOfBlocks(rel);
	return room;
}

/*
 * The first of nrows rows was written where its slot tells, the last into the
 * current page.  If the rows fill new pages, there should be room for those
 * that are coming.
 */
void
rows_make_room(RowsRoom *room, struct BulkInsertStateData *bistate,
			   TupleTableSlot *slot, uint64 nrows, uint64 coming)
{
	BlockNumber first = ItemPointerGetBlockNumber(&slot->tts_tid);
	BlockNumber last;
	uint64		npages;

	if (!BufferIsValid(bistate->current_buf))
		return;
	last = BufferGetBlockNumber(bistate->current_buf);
	if (last < room->nblocks || last + 1 < room->end || last <= first)
		return;
	npages = Min(coming * (last - first) / nrows, MOST_PAGES);
	if (npages < LEAST_PAGES)
		return;
	npages = rows_extend(room->rel, npages, bistate->strategy, &first);
	offer(room->rel, first, npages);
	room->end = first + npages;
}

/* Tell all inserts of new pages. */
static void
offer(Relation rel, BlockNumber first, uint32 npages)
{
	for (uint32 i = 0; i < npages; i++)
		RecordPageWithFreeSpace(rel, first + i, BLCKSZ - SizeOfPageHeaderData);
	FreeSpaceMapVacuumRange(rel, first, first + npages);
}

/*
 * Add up to npages empty pages, which are in the buffer pool; returns how many.
 * Who holds the extension lock is alone beyond the end of the file: the buffers
 * are made before it grows, because afterwards another session might put a row
 * there, and have it written out, before we come.
 */
uint32
rows_extend(Relation rel, uint32 npages, BufferAccessStrategy strategy, BlockNumber *first)
{
	uint32		n;

	if (RelationUsesLocalBuffers(rel))
		return 0;

	LockRelationForExtension(rel, ExclusiveLock);
	*first = RelationGetNumberOfBlocks(rel);

	/* all in one file; the first page of the next makes that file, which is md.c's */
	npages = (*first > 0 && *first % RELSEG_SIZE == 0) ? 0 :
		Min(npages, RELSEG_SIZE - *first % RELSEG_SIZE);

	for (n = 0; n < npages; n++)
	{
		Buffer		buffer = ReadBufferExtended(rel, MAIN_FORKNUM, *first + n, RBM_ZERO_AND_LOCK,
												strategy);
		bool		is_new = PageIsNew(BufferGetPage(buffer));

		UnlockReleaseBuffer(buffer);
		if (!is_new)
			break;				/* PostgreSQL itself will complain of it */
	}
	if (n > 0 && !allocate(rel, *first, n))
		n = 0;
	UnlockRelationForExtension(rel, ExclusiveLock);
	return n;
}

/* Disk space for pages of one file; when there is none, PostgreSQL is to say so. */
static bool
allocate(Relation rel, BlockNumber first, uint32 npages)
{
	char	   *path = relpathperm(rel->rd_node, MAIN_FORKNUM);
	BlockNumber segment = first / RELSEG_SIZE;
	int			fd;
	int			error;

	if (segment > 0)
		path = psprintf("%s.%u", path, segment);
	fd = OpenTransientFile(path, O_RDWR | PG_BINARY);
	if (fd < 0)
		return false;
	error = posix_fallocate(fd, (off_t) (first % RELSEG_SIZE) * BLCKSZ, (off_t) npages * BLCKSZ);
	CloseTransientFile(fd);
	return error == 0;
}

#else

/* Pages that are pinned at once. */
#define MOST_PAGES			64

RowsRoom *
rows_start_room(Relation rel)
{
	return NULL;
}

void
rows_make_room(RowsRoom *room, struct BulkInsertStateData *bistate,
			   TupleTableSlot *slot, uint64 nrows, uint64 coming)
{
}

/* Add up to npages empty pages, which are in the buffer pool; returns how many. */
uint32
rows_extend(Relation rel, uint32 npages, BufferAccessStrategy strategy, BlockNumber *first)
{
	Buffer		buffers[MOST_PAGES];
	uint32		n;

	*first = ExtendBufferedRelBy(BMR_REL(rel), MAIN_FORKNUM, strategy, 0,
								 Min(npages, MOST_PAGES), buffers, &n);
	for (uint32 i = 0; i < n; i++)
		ReleaseBuffer(buffers[i]);
	return n;
}

#endif
