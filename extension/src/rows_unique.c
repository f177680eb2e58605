/*-------------------------------------------------------------------------
 *
 * rows_unique.c
 *	  Keys: columns that stay unique because they count.
 *
 * One column of each unique index counts, or several as the digits of one
 * number.  Counting goes on after the rows that are there, so that no row is
 * ever made twice and nothing has to be remembered.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "rows.h"

/* A type with fewer values is counted together with other columns. */
#define ENOUGH_FOR_ANY		(UINT64CONST(1) << 24)

/* Ordinals that a row may try until its CHECK is satisfied. */
#define CHECKED_STRIDE		64

/* Ordinals stay below this, so that sums cannot overflow. */
#define LAST_ORDINAL		(UINT64CONST(1) << 62)

static void plan_key(RowsPlan *plan, Relation index);
static List *columns_of_index(RowsPlan *plan, Relation index);
static bool is_unique_already(List *columns);
static void add_key(RowsPlan *plan, Relation index, List *columns);
static bool is_checked_by_row(RowsPlan *plan, RowsKey *key);
static bool decode_row(RowsKey *key, TupleTableSlot *slot, AttrNumber *attnums, uint64 *ordinal);
static uint64 next_after_index(RowsPlan *plan, RowsKey *key, Relation index);
static uint64 next_after_scan(RowsPlan *plan, RowsKey *key);

/* ---- which columns count ---- */

void
rows_plan_keys(RowsPlan *plan)
{
	List	   *indexes = RelationGetIndexList(plan->rel);
	ListCell   *cell;

	/* indexes of one column first: they leave no choice */
	for (int pass = 0; pass < 2; pass++)
	{
		foreach(cell, indexes)
		{
			Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
			Form_pg_index form = index->rd_index;

			if ((form->indisunique || form->indisexclusion) &&
				(form->indnkeyatts == 1) == (pass == 0))
				plan_key(plan, index);
			index_close(index, AccessShareLock);
		}
	}
	list_free(indexes);
}

static void
plan_key(RowsPlan *plan, Relation index)
{
	List	   *columns = columns_of_index(plan, index);
	RowsColumn *best = NULL;
	List	   *digits = NIL;
	ListCell   *cell;

	if (is_unique_already(columns))
		return;

	foreach(cell, columns)
	{
		RowsColumn *column = lfirst(cell);

		if (column->kind != ROWS_COLUMN_RANDOM || column->value->encode == NULL ||
			column->value->capacity == 0)
			continue;
		digits = lappend(digits, column);
		/* of equals the last: keys go from the general to the particular */
		if (column->value->capacity >= ENOUGH_FOR_ANY &&
			(best == NULL || column->region_value == NULL))
			best = column;
	}

	if (best != NULL)
		add_key(plan, index, list_make1(best));
	else if (digits != NIL)
		add_key(plan, index, digits);
	else if (columns == NIL || index->rd_index->indisexclusion)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot make rows that satisfy \"%s\" of table \"%s\"",
						RelationGetRelationName(index), RelationGetRelationName(plan->rel)),
				 index->rd_index->indisexclusion ?
				 errdetail("An exclusion constraint is obeyed only if it compares a column for equality, or ranges for overlap.") :
				 errdetail("The index is unique on an expression of several columns, or of none."),
				 errhint("Drop the constraint for the time of the load.")));
	else
	{
		/* a default may be unique of itself; a null is: otherwise refuse */
		foreach(cell, columns)
		{
			RowsColumn *column = lfirst(cell);

			if (column->kind == ROWS_COLUMN_DEFAULT || column->kind == ROWS_COLUMN_NULL ||
				column->kind == ROWS_COLUMN_NOTHING)
				return;
		}
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot make unique values for index \"%s\" of table \"%s\"",
						RelationGetRelationName(index), RelationGetRelationName(plan->rel)),
				 errdetail("The values of type %s cannot be counted.",
						   format_type_be(((RowsColumn *) linitial(columns))->value->type)),
				 errhint("Give the column a DEFAULT that is unique, or drop the index for the time of the load.")));
	}
}

/*
 * The columns one of which has to differ.  An index on an expression of one
 * column counts as an index on that column: what we count stays different
 * under functions such as lower().
 */
static List *
columns_of_index(RowsPlan *plan, Relation index)
{
	List	   *columns = NIL;
	List	   *expressions = RelationGetIndexExpressions(index);
	ListCell   *expression = list_head(expressions);
	Oid		   *operators = NULL;

	if (index->rd_index->indisexclusion)
	{
		Oid		   *procs;
		uint16	   *strategies;

		RelationGetExclusionInfo(index, &operators, &procs, &strategies);
	}

	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		AttrNumber	attnum = index->rd_index->indkey.values[i];

		if (attnum == 0)
		{
			Bitmapset  *attributes = NULL;
			int			member;

			pull_varattnos(lfirst(expression), 1, &attributes);
			expression = lnext(expressions, expression);
			if (!bms_get_singleton_member(attributes, &member))
				continue;
			attnum = member + FirstLowInvalidHeapAttributeNumber;
		}
		if (attnum <= 0)
			continue;
		if (operators != NULL)
		{
			char	   *name = get_opname(operators[i]);

			/* counted ranges do not overlap */
			if (name == NULL ||
				(strcmp(name, "=") != 0 &&
				 !(strcmp(name, "&&") == 0 && type_is_range(TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1)->atttypid))))
				continue;
		}
		columns = lappend(columns, &plan->columns[attnum - 1]);
	}
	return columns;
}

/* A sequence counts, and so does a key that lies within these columns. */
static bool
is_unique_already(List *columns)
{
	ListCell   *cell;

	foreach(cell, columns)
	{
		RowsColumn *column = lfirst(cell);
		bool		whole = true;

		if (column->kind == ROWS_COLUMN_SEQUENCE)
			return true;
		if (column->kind != ROWS_COLUMN_KEY)
			continue;
		for (int i = 0; i < column->counted->ncolumns; i++)
			whole &= list_member_ptr(columns, column->counted->columns[i]);
		if (whole)
			return true;
	}
	return false;
}

/*
 * Does a CHECK that is not understood, such as the bound of a hash partition,
 * look at the key?  Then each row may try several ordinals.
 */
static bool
is_checked_by_row(RowsPlan *plan, RowsKey *key)
{
	ListCell   *cell;
	Bitmapset  *attributes = NULL;

	foreach(cell, plan->checks)
		pull_varattnos((Node *) ((RowsCheck *) lfirst(cell))->expr, 1, &attributes);
	for (int i = 0; i < key->ncolumns; i++)
	{
		if (bms_is_member(key->columns[i]->attnum - FirstLowInvalidHeapAttributeNumber, attributes))
			return true;
	}
	return false;
}

/* Make the columns the digits of one number, the last the lowest. */
static void
add_key(RowsPlan *plan, Relation index, List *columns)
{
	RowsKey    *key = palloc0(sizeof(RowsKey));
	uint64		divisor = 1;

	key->name = pstrdup(RelationGetRelationName(index));
	key->index = RelationGetRelid(index);
	key->ncolumns = list_length(columns);
	key->columns = palloc(sizeof(RowsColumn *) * key->ncolumns);

	for (int i = key->ncolumns - 1; i >= 0; i--)
	{
		RowsColumn *column = list_nth(columns, i);

		key->columns[i] = column;
		column->kind = ROWS_COLUMN_KEY;
		column->counted = key;
		column->divisor = divisor;
		column->radix = Min(column->value->capacity, Max(LAST_ORDINAL / divisor, 1));
		divisor *= column->radix;
	}
	key->stride = is_checked_by_row(plan, key) ? CHECKED_STRIDE : 1;
	key->capacity = divisor / key->stride;
	plan->keys = lappend(plan->keys, key);
}

/* ---- where counting goes on ---- */

/*
 * Find the ordinal of row 0 of each key: one more than the last in the table.
 * Rows that others have not committed yet count too.
 */
void
rows_find_bases(RowsPlan *plan, uint64 nrows)
{
	Relation	rel = plan->rel;
	ListCell   *cell;

	if (plan->keys == NIL)
		return;
	if (plan->options->bases != NULL && plan->options->nbases == list_length(plan->keys))
	{
		foreach(cell, plan->keys)
			((RowsKey *) lfirst(cell))->base = plan->options->bases[foreach_current_index(cell)];
		return;
	}

	/*
	 * Two that count in the same table would count the same: the second waits
	 * for the first to end.  Ordinary writers are not held up.
	 */
	if (plan->writing)
		LockRelationOid(RelationGetRelid(rel), ShareUpdateExclusiveLock);

	foreach(cell, plan->keys)
	{
		RowsKey    *key = lfirst(cell);
		Relation	index = index_open(key->index, AccessShareLock);

		if (rel->rd_rel->relkind == RELKIND_RELATION && RelationGetNumberOfBlocks(rel) == 0)
			key->base = 0;
		else if (rel->rd_rel->relkind == RELKIND_RELATION && key->ncolumns == 1 &&
				 key->columns[0]->value->from_int != NULL &&
				 key->columns[0]->value->nchoices == 0 &&
				 index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid &&
				 index->rd_index->indkey.values[0] == key->columns[0]->attnum &&
				 RelationGetIndexPredicate(index) == NIL)
			key->base = next_after_index(plan, key, index);
		else
			key->base = next_after_scan(plan, key);
		index_close(index, AccessShareLock);

		if (nrows > key->capacity || key->base > key->capacity - nrows)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("cannot make " UINT64_FORMAT " more rows that are unique in \"%s\" of table \"%s\"",
							nrows, key->name, RelationGetRelationName(rel)),
					 errdetail("Its columns take " UINT64_FORMAT " values, and " UINT64_FORMAT " are used or passed.",
							   key->capacity, Min(key->base, key->capacity)),
					 errhint("Ask for fewer rows, or widen the type or the CHECK of its columns.")));
	}
}

/* The last number is at the end of the index. */
static uint64
next_after_index(RowsPlan *plan, RowsKey *key, Relation index)
{
	RowsValue  *value = key->columns[0]->value;
	bool		descending = (index->rd_indoption[0] & INDOPTION_DESC) != 0;
	SnapshotData dirty;
	ScanKeyData not_null;
	IndexScanDesc scan;
	TupleTableSlot *slot = table_slot_create(plan->rel, NULL);
	uint64		result = 0;

	InitDirtySnapshot(dirty);
	ScanKeyEntryInitialize(&not_null, SK_ISNULL | SK_SEARCHNOTNULL, 1, InvalidStrategy,
						   InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
	scan = index_beginscan(plan->rel, index, &dirty, NULL, 1, 0);
	index_rescan(scan, &not_null, 1, NULL, 0);
	while (index_getnext_slot(scan, descending ? ForwardScanDirection : BackwardScanDirection, slot))
	{
		bool		isnull;
		Datum		datum = slot_getattr(slot, key->columns[0]->attnum, &isnull);
		uint64		ordinal;
		int64		number;

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			continue;
		if (value->decode(value, datum, &ordinal))
		{
			result = ordinal / key->stride + 1;
			break;
		}
		/* beyond our range: look further down; below it: nothing of ours */
		if (value->to_int(value, datum, &number) && number < value->unique_low)
			break;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return result;
}

/* Text and the like: the ordinal is in each value, so look at all of them. */
static uint64
next_after_scan(RowsPlan *plan, RowsKey *key)
{
	List	   *relids = list_make1_oid(RelationGetRelid(plan->rel));
	uint64		result = 0;
	ListCell   *cell;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "poc_barman keys",
												  ALLOCSET_DEFAULT_SIZES);

	if (plan->rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		relids = find_all_inheritors(RelationGetRelid(plan->rel), AccessShareLock, NULL);

	foreach(cell, relids)
	{
		Relation	rel = relation_open(lfirst_oid(cell), AccessShareLock);
		AttrNumber *attnums = palloc(sizeof(AttrNumber) * key->ncolumns);
		SnapshotData dirty;
		TableScanDesc scan;
		TupleTableSlot *slot;

		if (rel->rd_rel->relkind != RELKIND_RELATION)
		{
			relation_close(rel, AccessShareLock);
			continue;
		}
		/* a partition may have its columns in another order */
		for (int i = 0; i < key->ncolumns; i++)
		{
			Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel),
														key->columns[i]->attnum - 1);

			attnums[i] = get_attnum(RelationGetRelid(rel), NameStr(attribute->attname));
		}

		InitDirtySnapshot(dirty);
		slot = table_slot_create(rel, NULL);
		scan = table_beginscan(rel, &dirty, 0, NULL);
		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		{
			MemoryContext old = MemoryContextSwitchTo(context);
			uint64		ordinal;

			if (decode_row(key, slot, attnums, &ordinal))
				result = Max(result, ordinal / key->stride + 1);
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

static bool
decode_row(RowsKey *key, TupleTableSlot *slot, AttrNumber *attnums, uint64 *ordinal)
{
	*ordinal = 0;
	for (int i = 0; i < key->ncolumns; i++)
	{
		RowsColumn *column = key->columns[i];
		bool		isnull;
		Datum		datum = slot_getattr(slot, attnums[i], &isnull);
		uint64		digit;

		if (isnull || !column->value->decode(column->value, datum, &digit) || digit > column->radix)
			return false;
		*ordinal += digit * column->divisor;
	}
	return true;
}
