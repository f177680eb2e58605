/*-------------------------------------------------------------------------
 *
 * sequence_taken.c
 *	  Values of a sequence that rows have already.
 *
 * Whoever inserts rows with keys of his own and does not advance the sequence leaves values
 * in its way; the load passes them over.  Looks only at columns that the caller may read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "rows/plan/leaves.h"
#include "rows/plan/parts.h"
#include "rows/write/making.h"

/* 8 MB; who has inserted more than that should advance the sequence. */
#define MOST_TAKEN (1024 * 1024)

static void read_rows_of(Relation rel, RowsColumn *column, AttrNumber attnum, int64 from);
static void read_index(Relation rel, Relation index, RowsColumn *column, int64 from);
static void add(RowsColumn *column, int64 number);
static int compare(const void *a, const void *b);

/* Find the values from a number on; an ascending sequence draws no other ones. */
void
rows_find_taken(RowsPlan *plan, RowsColumn *column, int64 from)
{
	ListCell *cell;

	column->ntaken = 0;
	if (!bms_is_member(column->attnum, plan->readable) || plan->manager != NULL)
		return;
	if (plan->rel->rd_rel->relkind == RELKIND_RELATION)
		read_rows_of(plan->rel, column, column->attnum, from);
	if (plan->rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		foreach (cell, rows_leaves(plan->rel))
		{
			Relation leaf = table_open(lfirst_oid(cell), NoLock);
			AttrMap *map = build_attrmap_by_name(RelationGetDescr(leaf),
												 RelationGetDescr(plan->rel), false);

			if (leaf->rd_rel->relkind == RELKIND_RELATION)
				read_rows_of(leaf, column, map->attnums[column->attnum - 1], from);
			table_close(leaf, NoLock);
		}
	}
	if (column->ntaken > 1)
		qsort(column->taken, column->ntaken, sizeof(int64), compare);
}

bool
rows_is_taken(const RowsColumn *column, int64 number)
{
	return bsearch(&number, column->taken, column->ntaken, sizeof(int64), compare) != NULL;
}

/* By a unique index: without one, equal values are in nobody's way. */
static void
read_rows_of(Relation rel, RowsColumn *column, AttrNumber attnum, int64 from)
{
	List *indexes = RelationGetIndexList(rel);
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);
		bool suits = index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisunique &&
					 index->rd_index->indisvalid && index->rd_index->indnkeyatts == 1 &&
					 index->rd_index->indkey.values[0] == attnum &&
					 RelationGetIndexPredicate(index) == NIL;

		if (suits)
			read_index(rel, index, column, from);
		index_close(index, AccessShareLock);
		if (suits)
			break;
	}
	list_free(indexes);
}

static void
read_index(Relation rel, Relation index, RowsColumn *column, int64 from)
{
	Oid family = index->rd_opfamily[0];
	Oid type = index->rd_opcintype[0];
	Oid operator= get_opfamily_member(family, type, INT8OID, BTGreaterEqualStrategyNumber);
	AttrNumber attnum = index->rd_index->indkey.values[0];
	TupleTableSlot *slot;
	SnapshotData dirty;
	ScanKeyData key;
	IndexScanDesc scan;

	if (!OidIsValid(operator) || (type != INT2OID && type != INT4OID && type != INT8OID))
		return;
	/* rows that another transaction has not committed yet are in the way, too */
	InitDirtySnapshot(dirty);
	slot = table_slot_create(rel, NULL);
	ScanKeyEntryInitialize(&key, 0, 1, BTGreaterEqualStrategyNumber, INT8OID, InvalidOid,
						   get_opcode(operator), Int64GetDatum(from));
	scan = index_beginscan(rel, index, &dirty, NULL, 1, 0, 0);
	index_rescan(scan, &key, 1, NULL, 0);
	while (column->ntaken < MOST_TAKEN && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool isnull;
		Datum datum = slot_getattr(slot, attnum, &isnull);

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			continue;
		add(column, type == INT2OID	  ? DatumGetInt16(datum)
					: type == INT4OID ? DatumGetInt32(datum)
									  : DatumGetInt64(datum));
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

static void
add(RowsColumn *column, int64 number)
{
	if (column->taken == NULL)
	{
		column->most_taken = 64;
		column->taken = palloc(sizeof(int64) * column->most_taken);
	}
	if (column->ntaken == column->most_taken)
	{
		column->most_taken *= 2;
		column->taken = repalloc(column->taken, sizeof(int64) * column->most_taken);
	}
	column->taken[column->ntaken++] = number;
}

static int
compare(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return (x > y) - (x < y);
}
