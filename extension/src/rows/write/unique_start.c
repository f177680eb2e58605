/*-------------------------------------------------------------------------
 *
 * unique_start.c
 *	  Where counting of unique columns continues: after the existing rows.
 *
 * The code reads tables without the executor, so the caller's privileges must
 * be checked first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_index.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/rights.h"
#include "rows/value/generator.h"
#include "rows/write/unique_start.h"

/* Rows fetched at once from a cursor. */
#define FETCHED_ROWS 1000

static uint64 next_after_index(RowsPlan *plan, RowsUnique *unique, Relation index);
static uint64 next_after_scan(RowsPlan *plan, RowsUnique *unique);
static uint64 next_after_query(RowsPlan *plan, RowsUnique *unique);
static bool is_written_as_text(const RowsUnique *unique);
static bool decode_row(RowsUnique *unique, TupleTableSlot *slot, AttrMap *map, uint64 *ordinal);

/*
 * Find the ordinal of row 0 of all unique columns: one more than the last in
 * the table.  Uncommitted rows of other transactions count too.
 */
void
rows_find_bases(RowsPlan *plan, uint64 nrows)
{
	Relation rel = plan->rel;
	ListCell *cell;

	if (plan->uniques == NIL)
		return;
	if (rows_bases_are_given(plan))
	{
		foreach (cell, plan->uniques)
			((RowsUnique *) lfirst(cell))->base = plan->call.bases[foreach_current_index(cell)];
		return;
	}
	rows_require_readable_keys(plan);

	foreach (cell, plan->uniques)
	{
		RowsUnique *unique = lfirst(cell);
		Relation index = index_open(unique->index, AccessShareLock);

		if (plan->manager != NULL)
			unique->base = next_after_query(plan, unique);
		else if (rel->rd_rel->relkind == RELKIND_RELATION && RelationGetNumberOfBlocks(rel) == 0)
			unique->base = 0;
		else if (rel->rd_rel->relkind == RELKIND_RELATION && unique->ncolumns == 1 &&
				 unique->columns[0]->kind == ROWS_COLUMN_KEY &&
				 unique->columns[0]->value->from_int != NULL &&
				 unique->columns[0]->value->nchoices == 0 && !unique->columns[0]->value->wraps &&
				 unique->columns[0]->divisor == 1 && index->rd_rel->relam == BTREE_AM_OID &&
				 index->rd_index->indisvalid &&
				 index->rd_index->indkey.values[0] == unique->columns[0]->attnum &&
				 RelationGetIndexPredicate(index) == NIL)
			unique->base = next_after_index(plan, unique, index);
		else
			unique->base = next_after_scan(plan, unique);
		index_close(index, AccessShareLock);

		if (unique->partial)
			continue;
		if (nrows > unique->capacity || unique->base > unique->capacity - nrows)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("cannot make " UINT64_FORMAT
							" more rows that are unique in \"%s\" of table \"%s\"",
							nrows, unique->name, RelationGetRelationName(rel)),
					 errdetail("Its columns take " UINT64_FORMAT " values, and " UINT64_FORMAT
							   " are used or passed.",
							   unique->capacity, Min(unique->base, unique->capacity)),
					 errhint("Ask for fewer rows, or widen the type or the CHECK of its columns.")));
	}
}

/* Read the last number from the end of the index. */
static uint64
next_after_index(RowsPlan *plan, RowsUnique *unique, Relation index)
{
	RowsValue *value = unique->columns[0]->value;
	bool descending = (index->rd_indoption[0] & INDOPTION_DESC) != 0;
	SnapshotData dirty;
	ScanKeyData not_null;
	IndexScanDesc scan;
	TupleTableSlot *slot = table_slot_create(plan->rel, NULL);
	uint64 result = 0;

	InitDirtySnapshot(dirty);
	ScanKeyEntryInitialize(&not_null, SK_ISNULL | SK_SEARCHNOTNULL, 1, InvalidStrategy, InvalidOid,
						   InvalidOid, InvalidOid, (Datum) 0);
	scan = index_beginscan(plan->rel, index, &dirty, NULL, 1, 0, 0);
	index_rescan(scan, &not_null, 1, NULL, 0);
	while (index_getnext_slot(scan, descending ? ForwardScanDirection : BackwardScanDirection, slot))
	{
		bool isnull;
		Datum datum = slot_getattr(slot, unique->columns[0]->attnum, &isnull);
		uint64 ordinal;
		int64 number;

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			continue;
		if (value->decode(value, datum, &ordinal))
		{
			if (unique->ordinals == NULL)
				result = ordinal / unique->stride + 1;
			else if (ordinal >= unique->nplaces || unique->places[ordinal] == ROWS_NO_PLACE)
				continue;
			else
				result = unique->places[ordinal] + 1;
			break;
		}
		/* beyond our range: look further down; below it: no counted value is left */
		if (value->to_int(value, datum, &number) && number < value->unique_low)
			break;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return result;
}

/* Text and similar types contain the ordinal in each value, so read all of them. */
static uint64
next_after_scan(RowsPlan *plan, RowsUnique *unique)
{
	List *relids = list_make1_oid(RelationGetRelid(plan->rel));
	uint64 result = 0;
	uint64 unknown = 0;
	ListCell *cell;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "poc_barman keys",
												  ALLOCSET_DEFAULT_SIZES);

	if (plan->rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		relids = find_all_inheritors(RelationGetRelid(plan->rel), AccessShareLock, NULL);

	foreach (cell, relids)
	{
		Relation rel = relation_open(lfirst_oid(cell), AccessShareLock);
		AttrMap *map;
		SnapshotData dirty;
		TableScanDesc scan;
		TupleTableSlot *slot;

		if (rel->rd_rel->relkind != RELKIND_RELATION)
		{
			relation_close(rel, AccessShareLock);
			continue;
		}
		/* a partition may have its columns in another order */
		map = build_attrmap_by_name(RelationGetDescr(rel), RelationGetDescr(plan->rel), false);

		InitDirtySnapshot(dirty);
		slot = table_slot_create(rel, NULL);
		scan = table_beginscan(rel, &dirty, 0, NULL, 0);
		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		{
			MemoryContext old = MemoryContextSwitchTo(context);
			uint64 ordinal;

			if (decode_row(unique, slot, map, &ordinal))
				result = Max(result, ordinal / unique->stride + 1);
			else if (is_written_as_text(unique))
				result = Max(result, ++unknown);
			MemoryContextSwitchTo(old);
			MemoryContextReset(context);
			CHECK_FOR_INTERRUPTS();
		}
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
		relation_close(rel, AccessShareLock);
	}
	MemoryContextDelete(context);
	return result;
}

/* Only the executor can read rows that an extension stores. */
static uint64
next_after_query(RowsPlan *plan, RowsUnique *unique)
{
	char *query = psprintf("SELECT * FROM %s",
						   quote_qualified_identifier(get_namespace_name(
														  RelationGetNamespace(plan->rel)),
													  RelationGetRelationName(plan->rel)));
	Portal portal;
	uint64 result = 0;

	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, query, 0, NULL, NULL, NULL, true, CURSOR_OPT_NO_SCROLL);
	for (;;)
	{
		TupleTableSlot *slot;
		AttrMap *map;

		SPI_cursor_fetch(portal, true, FETCHED_ROWS);
		if (SPI_processed == 0)
			break;
		slot = MakeSingleTupleTableSlot(SPI_tuptable->tupdesc, &TTSOpsHeapTuple);
		map = build_attrmap_by_name(SPI_tuptable->tupdesc, RelationGetDescr(plan->rel), false);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			uint64 ordinal;

			ExecStoreHeapTuple(SPI_tuptable->vals[i], slot, false);
			if (decode_row(unique, slot, map, &ordinal))
				result = Max(result, ordinal / unique->stride + 1);
		}
		ExecDropSingleTupleTableSlot(slot);
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	SPI_finish();
	return result;
}

/*
 * A type may print its values in another form than that in which they were written, as
 * PostGIS does: then as many are taken for used as there are.
 */
static bool
is_written_as_text(const RowsUnique *unique)
{
	return unique->ncolumns == 1 && unique->columns[0]->kind == ROWS_COLUMN_KEY &&
		   OidIsValid(unique->columns[0]->value->output.fn_oid);
}

static bool
decode_row(RowsUnique *unique, TupleTableSlot *slot, AttrMap *map, uint64 *ordinal)
{
	*ordinal = 0;
	for (int i = 0; i < unique->ncolumns; i++)
	{
		RowsColumn *column = unique->columns[i];
		uint64 digit;
		bool found;

		if (column->kind == ROWS_COLUMN_FOREIGN)
		{
			RowsForeign *foreign = column->foreign;
			Datum *values = palloc(sizeof(Datum) * foreign->ncolumns);
			bool isnull = false;

			for (int j = 0; j < foreign->ncolumns && !isnull; j++)
				values[j] = slot_getattr(slot, map->attnums[foreign->attnums[j] - 1], &isnull);
			found = !isnull && rows_decode_foreign(foreign, values, &digit);
		}
		else
		{
			bool isnull;
			Datum datum = slot_getattr(slot, map->attnums[column->attnum - 1], &isnull);

			found = !isnull && column->value->decode(column->value, datum, &digit);
		}
		if (!found || digit >= column->radix)
			return false;
		*ordinal += digit * column->divisor;
	}
	if (unique->ordinals != NULL)
	{
		if (*ordinal >= unique->nplaces || unique->places[*ordinal] == ROWS_NO_PLACE)
			return false;
		*ordinal = unique->places[*ordinal];
	}
	return true;
}
