/*-------------------------------------------------------------------------
 *
 * btree.c
 *	  Forms the pages of a btree of ascending integers; no other file forms pages.
 *
 * btbuild() scans the table, forms an index tuple for each row and sorts the tuples.  A
 * load of ascending integers knows the tuples in their order: it keeps them as runs
 * (index_entries.c).  From the runs, this file writes the same pages as nbtsort.c, with
 * the same content at the same places, through the same bulk writer.
 *
 * Nothing here compares or sorts, so an index must not be written unless every row of
 * the table was seen and each integer exceeded the previous one.  Only the versions of
 * PostgreSQL listed in compat.h use this; in other versions, nothing is collected and
 * PostgreSQL builds the index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/rel.h"

#include "base/bulk_writer.h"
#include "base/compat.h"
#include "rows/write/index_entries.h"
#include "rows/write/indexes.h"

#ifdef POC_WRITES_BTREE

/* This file writes version 4 of nbtree, as PostgreSQL 13 and later do. */
StaticAssertDecl(BTREE_MAGIC == 0x053162 && BTREE_VERSION == 4, "another version of nbtree");
StaticAssertDecl(BTREE_METAPAGE == 0 && P_HIKEY == 1 && P_FIRSTKEY == 2,
				 "another order of pages or items");
StaticAssertDecl(BTREE_NONLEAF_FILLFACTOR == 70, "another fillfactor of inner pages");
StaticAssertDecl(BTP_LEAF == 1 && BTP_ROOT == 2, "other flags of a page");
StaticAssertDecl(INDEX_ALT_TID_MASK == 0x2000 && BT_OFFSET_MASK == 0x0FFF,
				 "another form of pivot tuples");
StaticAssertDecl(SizeOfPageHeaderData == 24 && sizeof(ItemIdData) == 4, "another page header");
StaticAssertDecl(sizeof(BTPageOpaqueData) == 16, "another special space of a page");
StaticAssertDecl(offsetof(BTMetaPageData, btm_allequalimage) == 40, "another metapage");
StaticAssertDecl(sizeof(IndexTupleData) == 8, "another header of index tuples");

/* Inner pages hold more than 250 downlinks: 2^32 blocks need no more levels. */
#define MOST_LEVELS 8

/* Size that index_form_tuple() gives a tuple with an integer of 2, 4 or 8 bytes. */
#define ENTRY_SIZE(length) MAXALIGN(sizeof(IndexTupleData) + (length))

/* An index tuple with room for its integer. */
typedef union RowsEntry
{
	IndexTupleData tuple;
	char data[ENTRY_SIZE(sizeof(int64))];
} RowsEntry;

/* The rightmost page of a level, which is being filled. */
typedef struct RowsLevel
{
	BulkWriteBuffer buffer; /* NULL: the tree has no such level */
	BlockNumber block;
	OffsetNumber last; /* last item */
	RowsEntry low;	   /* pivot tuple for the parent: downlink to this page */
} RowsLevel;

typedef struct RowsTree
{
	Relation index;
	BulkWriteState *writer;
	BlockNumber nblocks; /* blocks assigned to pages, including the metapage */
	RowsLevel levels[MOST_LEVELS];
} RowsTree;

static void add_item(RowsTree *tree, int level, IndexTuple tuple);
static bool is_full(const RowsTree *tree, int level, Size size);
static void start_page(RowsTree *tree, int level, BlockNumber previous);
static void end_page(RowsTree *tree, int level);
static void append(RowsLevel *here, int level, IndexTuple tuple);
static void add_downlink(RowsTree *tree, int level, BlockNumber block);
static void end_tree(RowsTree *tree);
static void set_integer(IndexTuple tuple, int16 length, int64 value);

/* Write the whole index, in place of btbuild().  Its file must be new and empty. */
void
rows_write_btree(Relation index, const RowsEntries *entries)
{
	RowsTree tree = {.index = index, .nblocks = BTREE_METAPAGE + 1};
	RowsEntry entry = {0};
	uint64 ndone = 0;

	Assert(entries->usable && entries->nrows > 0 && entries->nruns > 0);
	Assert(entries->index == RelationGetRelid(index));
	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, PROGRESS_BTREE_PHASE_LEAF_LOAD);
	tree.writer = smgr_bulk_start_rel(index, MAIN_FORKNUM);
	entry.tuple.t_info = ENTRY_SIZE(entries->length);
	for (uint64 i = 0; i < entries->nruns; i++)
	{
		const RowsRun *run = &entries->runs[i];

		CHECK_FOR_INTERRUPTS();
		for (uint16 j = 0; j < run->length; j++)
		{
			set_integer(&entry.tuple, entries->length, run->first + j * entries->step);
			ItemPointerSet(&entry.tuple.t_tid, ItemPointerGetBlockNumber(&run->tid),
						   ItemPointerGetOffsetNumber(&run->tid) + j);
			add_item(&tree, 0, &entry.tuple);
		}
		ndone += run->length;
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, ndone);
	}
	Assert(ndone == entries->nrows);
	end_tree(&tree);
	smgr_bulk_finish(tree.writer);
}

/* Add an item as _bt_buildadd() does: a page ends when the next item does not fit. */
static void
add_item(RowsTree *tree, int level, IndexTuple tuple)
{
	RowsLevel *here = &tree->levels[level];

	if (level == MOST_LEVELS)
		elog(ERROR, "index \"%s\" has too many levels", RelationGetRelationName(tree->index));
	if (here->buffer == NULL)
	{
		/* the leftmost page of a level has no lower bound */
		here->low.tuple.t_info = sizeof(IndexTupleData);
		BTreeTupleSetNAtts(&here->low.tuple, 0, false);
		start_page(tree, level, P_NONE);
	}
	else if (is_full(tree, level, IndexTupleSize(tuple)))
		end_page(tree, level);
	append(here, level, tuple);
}

/*
 * A leaf keeps room for a heap TID in its high key, although no high key here
 * needs one: pages are separated by different integers.
 */
static bool
is_full(const RowsTree *tree, int level, Size size)
{
	const RowsLevel *here = &tree->levels[level];
	Size space = PageGetFreeSpace((Page) here->buffer);
	Size spared = (level == 0) ? BTGetTargetPageFreeSpace(tree->index)
							   : BLCKSZ * (100 - BTREE_NONLEAF_FILLFACTOR) / 100;

	return space < size + (level == 0 ? MAXALIGN(sizeof(ItemPointerData)) : 0) ||
		   (space < spared && here->last > P_FIRSTKEY);
}

static void
start_page(RowsTree *tree, int level, BlockNumber previous)
{
	RowsLevel *here = &tree->levels[level];
	Page page;
	BTPageOpaque opaque;

	here->buffer = smgr_bulk_get_buf(tree->writer);
	here->block = tree->nblocks++;
	here->last = P_HIKEY;

	page = (Page) here->buffer;
	_bt_pageinit(page, BLCKSZ);
	opaque = BTPageGetOpaque(page);
	opaque->btpo_prev = previous;
	opaque->btpo_next = P_NONE;
	opaque->btpo_level = level;
	opaque->btpo_flags = (level == 0) ? BTP_LEAF : 0;
	opaque->btpo_cycleid = 0;
	/* the line pointer of the high key */
	((PageHeader) page)->pd_lower += sizeof(ItemIdData);
}

/*
 * The last item moves to a new page on the right, and its copy becomes the
 * high key.  On a leaf that is a pivot tuple: _bt_truncate() truncates
 * nothing, because there is one column and its values differ.
 */
static void
end_page(RowsTree *tree, int level)
{
	RowsLevel *here = &tree->levels[level];
	BulkWriteBuffer buffer = here->buffer;
	BlockNumber block = here->block;
	Page page = (Page) buffer;
	ItemId last = PageGetItemId(page, here->last);
	ItemId hikey = PageGetItemId(page, P_HIKEY);
	IndexTuple tuple = (IndexTuple) PageGetItem(page, last);
	RowsEntry moved;

	Assert(here->last > P_FIRSTKEY && IndexTupleSize(tuple) <= sizeof(RowsEntry));
	memcpy(&moved, tuple, IndexTupleSize(tuple));
	*hikey = *last;
	ItemIdSetUnused(last);
	((PageHeader) page)->pd_lower -= sizeof(ItemIdData);
	if (level == 0)
		BTreeTupleSetNAtts(tuple, 1, false);

	start_page(tree, level, block);
	BTPageGetOpaque(page)->btpo_next = here->block;
	append(here, level, &moved.tuple);

	add_downlink(tree, level, block);
	memcpy(&here->low, tuple, IndexTupleSize(tuple));
	smgr_bulk_write(tree->writer, block, buffer, true);
}

/* The first item of an inner page needs no integer: it is lower than anything. */
static void
append(RowsLevel *here, int level, IndexTuple tuple)
{
	OffsetNumber offset = OffsetNumberNext(here->last);
	IndexTupleData bare;

	if (level > 0 && offset == P_FIRSTKEY)
	{
		bare = *tuple;
		bare.t_info = sizeof(IndexTupleData);
		BTreeTupleSetNAtts(&bare, 0, false);
		tuple = &bare;
	}
	if (PageAddItem((Page) here->buffer, (void *) tuple, IndexTupleSize(tuple), offset, false,
					false) != offset)
		elog(ERROR, "no room for an index tuple");
	here->last = offset;
}

/* Add a downlink to a page to the level above. */
static void
add_downlink(RowsTree *tree, int level, BlockNumber block)
{
	IndexTuple low = &tree->levels[level].low.tuple;

	BTreeTupleSetDownLink(low, block);
	add_item(tree, level + 1, low);
}

/*
 * Finish the rightmost page of each level, which has no high key; the highest
 * one is the root.  The metapage comes last, because it makes the index valid.
 */
static void
end_tree(RowsTree *tree)
{
	BulkWriteBuffer metapage;
	BlockNumber root = P_NONE;
	int level = 0;

	for (; root == P_NONE; level++)
	{
		RowsLevel *here = &tree->levels[level];
		Page page = (Page) here->buffer;

		if (level + 1 == MOST_LEVELS || tree->levels[level + 1].buffer == NULL)
		{
			BTPageGetOpaque(page)->btpo_flags |= BTP_ROOT;
			root = here->block;
		}
		else
			add_downlink(tree, level, here->block);

		for (OffsetNumber offset = P_FIRSTKEY; offset <= here->last; offset++)
			*PageGetItemId(page, OffsetNumberPrev(offset)) = *PageGetItemId(page, offset);
		((PageHeader) page)->pd_lower -= sizeof(ItemIdData);
		smgr_bulk_write(tree->writer, here->block, here->buffer, true);
	}

	metapage = smgr_bulk_get_buf(tree->writer);
	_bt_initmetapage((Page) metapage, root, level - 1, _bt_allequalimage(tree->index, true));
	smgr_bulk_write(tree->writer, BTREE_METAPAGE, metapage, true);
}

static void
set_integer(IndexTuple tuple, int16 length, int64 value)
{
	char *data = (char *) tuple + sizeof(IndexTupleData);
	int32 four = (int32) value;
	int16 two = (int16) value;

	if (length == sizeof(value))
		memcpy(data, &value, sizeof(value));
	else if (length == sizeof(four))
		memcpy(data, &four, sizeof(four));
	else
		memcpy(data, &two, sizeof(two));
}

#else

void
rows_write_btree(Relation index, const RowsEntries *entries)
{
}

#endif
