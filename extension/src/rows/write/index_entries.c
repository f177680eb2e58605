/*-------------------------------------------------------------------------
 *
 * index_entries.c
 *	  Collects the entries of an index on ascending integers while rows are loaded.
 *
 * Integers at equal steps, in consecutive rows of one page, are one run: usually there is
 * one per page of the table.  Entries that do not ascend, or take more memory than a sort
 * would, are given up; PostgreSQL then builds the index.  Where no btree is written
 * (compat.h), nothing is collected.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "base/compat.h"
#include "rows/write/index_entries.h"
#include "rows/write/indexes.h"

#ifdef POC_WRITES_BTREE

/* Runs that are shorter on average are not worth keeping. */
#define LEAST_RUN 8

/*
 * Starts collecting the entries of the table's only index.  NULL unless that
 * is a btree on one integer column, ascending and over all rows.
 */
RowsEntries *
rows_collect_entries(Relation rel)
{
	List *indexes = RelationGetIndexList(rel);
	RowsEntries *entries = NULL;
	Relation index;
	Oid type;

	if (list_length(indexes) != 1 || rel->rd_tableam != GetHeapamTableAmRoutine())
		return NULL;

	index = index_open(linitial_oid(indexes), AccessShareLock);
	type = TupleDescAttr(RelationGetDescr(index), 0)->atttypid;
	if (index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indnatts == 1 &&
		index->rd_index->indkey.values[0] > 0 && RelationGetIndexPredicate(index) == NIL &&
		!index->rd_index->indisexclusion && (index->rd_indoption[0] & INDOPTION_DESC) == 0 &&
		(type == INT2OID || type == INT4OID || (type == INT8OID && FLOAT8PASSBYVAL)) &&
		index->rd_opfamily[0] == INTEGER_BTREE_FAM_OID)
	{
		entries = palloc0(sizeof(RowsEntries));
		entries->index = RelationGetRelid(index);
		entries->attnum = index->rd_index->indkey.values[0];
		entries->length = TupleDescAttr(RelationGetDescr(index), 0)->attlen;
		entries->usable = true;
		entries->room = 1024;
		entries->runs = palloc(sizeof(RowsRun) * entries->room);
	}
	index_close(index, NoLock);
	return entries;
}

/* Adds a row that was just inserted; the slot contains its TID. */
void
rows_add_entry(RowsEntries *entries, TupleTableSlot *slot)
{
	RowsRun *run = entries->runs + entries->nruns - 1;
	ItemPointer tid = &slot->tts_tid;
	bool isnull;
	int64 value;
	Datum datum;

	if (!entries->usable)
		return;
	datum = slot_getattr(slot, entries->attnum, &isnull);
	value = (entries->length == sizeof(int16))	 ? DatumGetInt16(datum)
			: (entries->length == sizeof(int32)) ? DatumGetInt32(datum)
												 : DatumGetInt64(datum);
	if (isnull || (entries->nrows > 0 && value <= entries->last))
	{
		entries->usable = false;
		return;
	}

	if (entries->nrows == 1)
		entries->step = value - entries->last;
	entries->nrows++;
	if (entries->nruns > 0 && value - entries->last == entries->step &&
		ItemPointerGetBlockNumber(tid) == ItemPointerGetBlockNumber(&run->tid) &&
		ItemPointerGetOffsetNumber(tid) == ItemPointerGetOffsetNumber(&run->tid) + run->length)
	{
		run->length++;
		entries->last = value;
		return;
	}

	if (entries->nruns == entries->room)
	{
		/* nor may they take more memory than PostgreSQL would sort them in */
		if (entries->nrows / entries->nruns < LEAST_RUN ||
			sizeof(RowsRun) * entries->room * 2 > (uint64) maintenance_work_mem * 1024)
		{
			entries->usable = false;
			pfree(entries->runs);
			return;
		}
		entries->room *= 2;
		entries->runs = repalloc_huge(entries->runs, sizeof(RowsRun) * entries->room);
	}
	run = entries->runs + entries->nruns++;
	run->first = entries->last = value;
	run->tid = *tid;
	run->length = 1;
}

/* The index of these entries, or InvalidOid if they do not cover all nrows rows. */
Oid
rows_index_of_entries(const RowsEntries *entries, uint64 nrows)
{
	if (entries == NULL || !entries->usable || nrows == 0 || entries->nrows != nrows)
		return InvalidOid;
	return entries->index;
}

#else

RowsEntries *
rows_collect_entries(Relation rel)
{
	return NULL;
}

void
rows_add_entry(RowsEntries *entries, TupleTableSlot *slot)
{
}

Oid
rows_index_of_entries(const RowsEntries *entries, uint64 nrows)
{
	return InvalidOid;
}

#endif
