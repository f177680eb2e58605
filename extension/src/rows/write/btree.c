/*-------------------------------------------------------------------------
 *
 * btree.c
 *	  The btree of a number that counts, written from what the load knows.
 *
 * A build by PostgreSQL reads the table again, forms an index tuple of each row
 * and sorts them.  Here the keys come in order: they are kept as runs, one for
 * each page of the table, and the pages of the index are written from them, a
 * level after the other, as nbtsort.c would leave them.  Must never be used
 * when a single row was not seen, or a key does not exceed the one before.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/genam.h"
#include "access/heapam.h"
#include "access/nbtree.h"
#include "access/xloginsert.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "base/compat.h"
#include "rows/write/indexes.h"

#ifdef POC_WRITES_BTREE

/* Runs that are shorter on average are not worth keeping. */
#define LEAST_RUN			8

/* Pages that the file grows by at once; they are pinned together. */
#define ADDED_PAGES			64

/* Pages whose images are logged together. */
#define LOGGED_PAGES		256

/* An entry, with its line pointer: a header and a number of up to 8 bytes. */
#define ENTRY_SIZE			MAXALIGN(sizeof(IndexTupleData) + sizeof(int64))
#define ENTRY_ROOM			(ENTRY_SIZE + sizeof(ItemIdData))

/* 2^31 pages of more than 100 entries each need no more. */
#define MOST_LEVELS			8

/* An index tuple with room for its number. */
typedef union RowsEntry
{
	IndexTupleData tuple;
	char		data[ENTRY_SIZE];
} RowsEntry;

/* Keys that follow each other by a step, in rows that do so on a page. */
typedef struct RowsRun
{
	int64		key;			/* of the first row */
	ItemPointerData tid;
	uint16		length;
} RowsRun;

struct RowsEntries
{
	IndexAmRoutine routine;		/* that of btree, but for the build; must be first */
	Oid			index;
	AttrNumber	attnum;
	Oid			type;			/* int2, int4 or int8 */
	int64		step;
	int64		last;			/* key */
	bool		usable;			/* every row is in a run, and the keys ascend */
	uint64		nrows;
	uint64		nruns;
	uint64		room;			/* for runs */
	RowsRun    *runs;
};

/* The pages of one level are neighbours. */
typedef struct RowsLevel
{
	BlockNumber start;
	uint64		npages;
	uint64		nitems;
	uint64		per_page;
} RowsLevel;

typedef struct RowsTree
{
	Relation	index;
	const RowsEntries *entries;
	BufferAccessStrategy strategy;
	BlockNumber npages;
	BlockNumber room_end;		/* of the pages that the file has */
	BlockNumber logged;			/* all before this are, but for the metapage */
	uint64		run;			/* where the leaves are */
	uint16		in_run;
	int64	   *leaf_keys;		/* the first of each leaf */
	int			nlevels;
	RowsLevel	levels[MOST_LEVELS];
} RowsTree;

static IndexBuildResult *build_tree(Relation rel, Relation index, struct IndexInfo *info);
static void lay_out(RowsTree *tree);
static void find_leaf_keys(RowsTree *tree);
static void write_leaf(RowsTree *tree, uint64 number);
static void write_inner_page(RowsTree *tree, int level, uint64 number);
static Buffer start_page(RowsTree *tree, int level, uint64 number, OffsetNumber *offset);
static Buffer next_page(RowsTree *tree, BlockNumber block);
static void end_page(RowsTree *tree, Buffer buffer);
static void write_metapage(RowsTree *tree, Buffer buffer);
static int64 lowest_key(const RowsTree *tree, int level, uint64 number);
static void set_key(IndexTuple tuple, Oid type, int64 key);
static void add_item(Page page, IndexTuple tuple, OffsetNumber offset);

/* Somewhere to keep the entries of the only index; NULL if they are not numbers. */
RowsEntries *
rows_collect_entries(Relation rel)
{
	List	   *indexes = RelationGetIndexList(rel);
	RowsEntries *entries = NULL;
	Relation	index;
	Oid			type;

	if (list_length(indexes) != 1 || rel->rd_tableam != GetHeapamTableAmRoutine())
		return NULL;

	index = index_open(linitial_oid(indexes), AccessShareLock);
	type = TupleDescAttr(RelationGetDescr(index), 0)->atttypid;
	if (index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indnatts == 1 &&
		index->rd_index->indkey.values[0] > 0 && RelationGetIndexPredicate(index) == NIL &&
		(index->rd_indoption[0] & INDOPTION_DESC) == 0 &&
		(type == INT2OID || type == INT4OID || (type == INT8OID && FLOAT8PASSBYVAL)) &&
		index->rd_opfamily[0] == INTEGER_BTREE_FAM_OID)
	{
		entries = palloc0(sizeof(RowsEntries));
		entries->routine = *index->rd_indam;
		entries->routine.ambuild = build_tree;
		entries->index = RelationGetRelid(index);
		entries->attnum = index->rd_index->indkey.values[0];
		entries->type = type;
		entries->usable = true;
		entries->room = 1024;
		entries->runs = palloc(sizeof(RowsRun) * entries->room);
	}
	index_close(index, NoLock);
	return entries;
}

/* A row has been written where its slot tells. */
void
rows_add_entry(RowsEntries *entries, TupleTableSlot *slot)
{
	RowsRun    *run = entries->runs + entries->nruns - 1;
	ItemPointer tid = &slot->tts_tid;
	bool		isnull;
	int64		key;
	Datum		datum;

	if (!entries->usable)
		return;
	datum = slot_getattr(slot, entries->attnum, &isnull);
	key = (entries->type == INT2OID) ? DatumGetInt16(datum) :
		(entries->type == INT4OID) ? DatumGetInt32(datum) : DatumGetInt64(datum);
	if (isnull || (entries->nrows > 0 && key <= entries->last))
	{
		entries->usable = false;
		return;
	}

	if (entries->nrows == 1)
		entries->step = key - entries->last;
	entries->nrows++;
	if (entries->nruns > 0 && key - entries->last == entries->step &&
		ItemPointerGetBlockNumber(tid) == ItemPointerGetBlockNumber(&run->tid) &&
		ItemPointerGetOffsetNumber(tid) == ItemPointerGetOffsetNumber(&run->tid) + run->length)
	{
		run->length++;
		entries->last = key;
		return;
	}

	if (entries->nruns == entries->room)
	{
		if (entries->nrows / entries->nruns < LEAST_RUN)
		{
			entries->usable = false;
			return;
		}
		entries->room *= 2;
		entries->runs = repalloc_huge(entries->runs, sizeof(RowsRun) * entries->room);
	}
	run = entries->runs + entries->nruns++;
	run->key = entries->last = key;
	run->tid = *tid;
	run->length = 1;
}

/*
 * Build the index of what was collected; false if that is not all.  Does what
 * reindex_index() does, with a build of our own.  Should the relcache entry be
 * made anew meanwhile, it gets back btree's, which makes an index as good.
 */
bool
rows_build_btree(Relation rel, RowsEntries *entries, uint64 nrows)
{
	Relation	index;
	IndexInfo  *info;
	IndexAmRoutine *routine;

	if (entries == NULL || !entries->usable || entries->nrows != nrows)
		return false;

	index = index_open(entries->index, AccessExclusiveLock);
	info = BuildIndexInfo(index);
	RelationSetNewRelfilenumber(index, index->rd_rel->relpersistence);
	routine = index->rd_indam;
	index->rd_indam = &entries->routine;
	PG_TRY();
	{
		index_build(rel, index, info, true, false, true);
	}
	PG_FINALLY();
	{
		if (index->rd_indam == &entries->routine)
			index->rd_indam = routine;
	}
	PG_END_TRY();
	index_close(index, NoLock);
	return true;
}

/* ---- pages ---- */

/* In place of btbuild(). */
static IndexBuildResult *
build_tree(Relation rel, Relation index, struct IndexInfo *info)
{
	const RowsEntries *entries = (const RowsEntries *) index->rd_indam;
	IndexBuildResult *result = palloc0(sizeof(IndexBuildResult));
	RowsTree	tree = {.index = index, .entries = entries, .logged = BTREE_METAPAGE + 1};
	Buffer		metapage;

	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
	lay_out(&tree);
	if (tree.levels[0].npages > NBuffers / 4)
		tree.strategy = GetAccessStrategy(BAS_BULKWRITE);

	metapage = ReadBufferExtended(index, MAIN_FORKNUM, P_NEW, RBM_ZERO_AND_LOCK, NULL);
	LockBuffer(metapage, BUFFER_LOCK_UNLOCK);
	for (uint64 i = 0; i < tree.levels[0].npages; i++)
		write_leaf(&tree, i);
	for (int level = 1; level < tree.nlevels; level++)
	{
		for (uint64 i = 0; i < tree.levels[level].npages; i++)
			write_inner_page(&tree, level, i);
	}
	write_metapage(&tree, metapage);

	result->heap_tuples = result->index_tuples = entries->nrows;
	return result;
}

/* How many entries go on a page, and which pages make a level. */
static void
lay_out(RowsTree *tree)
{
	const Size	room = BLCKSZ - SizeOfPageHeaderData - MAXALIGN(sizeof(BTPageOpaqueData));
	uint64		nitems = tree->entries->nrows;
	BlockNumber start = BTREE_METAPAGE + 1;
	uint64		npages;

	do
	{
		RowsLevel  *level = &tree->levels[tree->nlevels];
		Size		spare = (tree->nlevels == 0) ? BTGetTargetPageFreeSpace(tree->index) :
			BLCKSZ * (100 - BTREE_NONLEAF_FILLFACTOR) / 100;

		/* one more is the high key */
		level->per_page = (room - spare) / ENTRY_ROOM - 1;
		level->nitems = nitems;
		level->start = start;
		npages = level->npages = (nitems + level->per_page - 1) / level->per_page;
		start += npages;
		nitems = npages;
		tree->nlevels++;
	} while (npages > 1);
	tree->npages = start;
	find_leaf_keys(tree);
}

static void
find_leaf_keys(RowsTree *tree)
{
	const RowsEntries *entries = tree->entries;
	RowsLevel  *leaves = &tree->levels[0];
	uint64		row = 0;
	uint64		number = 0;

	tree->leaf_keys = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * leaves->npages);
	for (uint64 i = 0; i < entries->nruns; i++)
	{
		const RowsRun *run = &entries->runs[i];

		for (; number * leaves->per_page < row + run->length; number++)
			tree->leaf_keys[number] = run->key + (number * leaves->per_page - row) * entries->step;
		row += run->length;
	}
}

/* Of all that is below a page. */
static int64
lowest_key(const RowsTree *tree, int level, uint64 number)
{
	while (level > 0)
		number *= tree->levels[level--].per_page;
	return tree->leaf_keys[number];
}

static void
write_leaf(RowsTree *tree, uint64 number)
{
	const RowsEntries *entries = tree->entries;
	RowsLevel  *level = &tree->levels[0];
	uint64		n = Min(level->per_page, level->nitems - number * level->per_page);
	RowsEntry	entry = {0};
	OffsetNumber offset;
	Buffer		buffer = start_page(tree, 0, number, &offset);
	Page		page = BufferGetPage(buffer);

	entry.tuple.t_info = ENTRY_SIZE;
	for (uint64 i = 0; i < n; i++)
	{
		const RowsRun *run = &entries->runs[tree->run];
		int64		key = run->key + tree->in_run * entries->step;

		set_key(&entry.tuple, entries->type, key);
		ItemPointerSet(&entry.tuple.t_tid, ItemPointerGetBlockNumber(&run->tid),
					   ItemPointerGetOffsetNumber(&run->tid) + tree->in_run);
		add_item(page, &entry.tuple, offset++);
		if (++tree->in_run == run->length)
		{
			tree->run++;
			tree->in_run = 0;
		}
	}
	end_page(tree, buffer);
}

/* The entries point to the pages of the level below; the first has no key. */
static void
write_inner_page(RowsTree *tree, int level, uint64 number)
{
	RowsLevel  *here = &tree->levels[level];
	uint64		first = number * here->per_page;
	uint64		n = Min(here->per_page, here->nitems - first);
	OffsetNumber offset;
	Buffer		buffer = start_page(tree, level, number, &offset);
	Page		page = BufferGetPage(buffer);

	for (uint64 i = 0; i < n; i++)
	{
		RowsEntry	pivot = {0};

		pivot.tuple.t_info = (i == 0) ? sizeof(IndexTupleData) : ENTRY_SIZE;
		if (i > 0)
			set_key(&pivot.tuple, tree->entries->type, lowest_key(tree, level - 1, first + i));
		BTreeTupleSetNAtts(&pivot.tuple, i == 0 ? 0 : 1, false);
		BTreeTupleSetDownLink(&pivot.tuple, tree->levels[level - 1].start + (BlockNumber) (first + i));
		add_item(page, &pivot.tuple, offset++);
	}
	end_page(tree, buffer);
}

/* A new page, locked, with links to its neighbours and its high key. */
static Buffer
start_page(RowsTree *tree, int level, uint64 number, OffsetNumber *offset)
{
	RowsLevel  *here = &tree->levels[level];
	BlockNumber block = here->start + (BlockNumber) number;
	bool		rightmost = (number == here->npages - 1);
	Buffer		buffer;
	Page		page;
	BTPageOpaque opaque;

	CHECK_FOR_INTERRUPTS();
	buffer = next_page(tree, block);
	page = BufferGetPage(buffer);
	_bt_pageinit(page, BLCKSZ);
	opaque = BTPageGetOpaque(page);
	opaque->btpo_prev = (number == 0) ? P_NONE : block - 1;
	opaque->btpo_next = rightmost ? P_NONE : block + 1;
	opaque->btpo_level = level;
	opaque->btpo_flags = (level == 0 ? BTP_LEAF : 0) | (level == tree->nlevels - 1 ? BTP_ROOT : 0);
	opaque->btpo_cycleid = 0;

	*offset = P_FIRSTDATAKEY(opaque);
	if (!rightmost)
	{
		RowsEntry	high = {0};

		high.tuple.t_info = ENTRY_SIZE;
		set_key(&high.tuple, tree->entries->type, lowest_key(tree, level, number + 1));
		BTreeTupleSetNAtts(&high.tuple, 1, false);
		add_item(page, &high.tuple, P_HIKEY);
	}
	return buffer;
}

/* Of the file, which grows by many pages at once if it can. */
static Buffer
next_page(RowsTree *tree, BlockNumber block)
{
	Buffer		buffer;
	Buffer		added[ADDED_PAGES];
	BlockNumber first;
	uint32		n;

	if (block >= tree->room_end)
	{
		first = ExtendBufferedRelBy(BMR_REL(tree->index), MAIN_FORKNUM, tree->strategy, 0,
									Min(tree->npages - block, ADDED_PAGES), added, &n);
		for (uint32 i = 0; i < n; i++)
			ReleaseBuffer(added[i]);
		if (first != block)
			elog(ERROR, "block %u of index \"%s\" is in the place of block %u",
				 first, RelationGetRelationName(tree->index), block);
		tree->room_end = block + n;
	}
	buffer = ReadBufferExtended(tree->index, MAIN_FORKNUM, block, RBM_ZERO_AND_LOCK, tree->strategy);
	return buffer;
}

static void
end_page(RowsTree *tree, Buffer buffer)
{
	BlockNumber end = BufferGetBlockNumber(buffer) + 1;

	MarkBufferDirty(buffer);
	UnlockReleaseBuffer(buffer);
	if (end - tree->logged >= LOGGED_PAGES)
	{
		if (RelationNeedsWAL(tree->index))
			log_newpage_range(tree->index, MAIN_FORKNUM, tree->logged, end, true);
		tree->logged = end;
	}
}

/* The metapage comes last: until then there is no index. */
static void
write_metapage(RowsTree *tree, Buffer buffer)
{
	RowsLevel  *top = &tree->levels[tree->nlevels - 1];

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	_bt_initmetapage(BufferGetPage(buffer), top->start, tree->nlevels - 1,
					 _bt_allequalimage(tree->index, true));
	MarkBufferDirty(buffer);
	UnlockReleaseBuffer(buffer);
	if (RelationNeedsWAL(tree->index))
	{
		log_newpage_range(tree->index, MAIN_FORKNUM, tree->logged, top->start + 1, true);
		log_newpage_range(tree->index, MAIN_FORKNUM, BTREE_METAPAGE, BTREE_METAPAGE + 1, true);
	}
}

static void
set_key(IndexTuple tuple, Oid type, int64 key)
{
	char	   *data = (char *) tuple + sizeof(IndexTupleData);
	int32		four = (int32) key;
	int16		two = (int16) key;

	if (type == INT8OID)
		memcpy(data, &key, sizeof(key));
	else if (type == INT4OID)
		memcpy(data, &four, sizeof(four));
	else
		memcpy(data, &two, sizeof(two));
}

static void
add_item(Page page, IndexTuple tuple, OffsetNumber offset)
{
	if (PageAddItem(page, (void *) tuple, IndexTupleSize(tuple), offset, false, false) != offset)
		elog(ERROR, "no room for an index entry");
}

#else

/* A version whose pages are not known: PostgreSQL builds the index by itself. */
RowsEntries *
rows_collect_entries(Relation rel)
{
	return NULL;
}

void
rows_add_entry(RowsEntries *entries, TupleTableSlot *slot)
{
}

bool
rows_build_btree(Relation rel, RowsEntries *entries, uint64 nrows)
{
	return false;
}

#endif
