/*-------------------------------------------------------------------------
 *
 * unique.c
 *	  Unique columns: columns that stay unique by counting.
 *
 * One column of each unique index counts, or several columns share one
 * ordinal.  Counting continues after the existing rows, so no value repeats
 * and nothing has to be remembered.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/leaves.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/value/generator.h"
#include "rows/value/type.h"

/* A type with fewer values is counted together with other columns. */
#define ENOUGH_FOR_ANY (UINT64CONST(1) << 24)

/* A column of fewer values is counted beside the spans of each. */
#define MOST_OTHERS 10000

/* Ordinals stay below this, so that sums cannot overflow. */
#define LAST_ORDINAL (UINT64CONST(1) << 62)

static void plan_keys_of(RowsPlan *plan, Relation rel, int pass);
static void plan_key(RowsPlan *plan, Relation rel, Relation index);
static List *other_digits(Relation index, List *columns, RowsColumn *best);
static List *digits_of(RowsPlan *plan, List *columns);
static bool is_unique_already(List *columns);
static bool is_unique_hierarchy(List *columns, RowsColumn *column);
static bool covers_digit(List *columns, RowsColumn *digit);
static void add_key(RowsPlan *plan, Relation index, List *columns);

void
rows_plan_keys(RowsPlan *plan)
{
	/* indexes of one column first, because they offer no choice, then spans; partial ones last */
	for (int pass = 0; pass < 4; pass++)
	{
		ListCell *cell;

		plan_keys_of(plan, plan->rel, pass);
		if (plan->rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
			continue;
		/* what is unique in a partition alone becomes so in all of them */
		foreach (cell, rows_leaves(plan->rel))
		{
			Relation leaf = table_open(lfirst_oid(cell), NoLock);

			plan_keys_of(plan, leaf, pass);
			table_close(leaf, NoLock);
		}
	}
}

/* The indexes of the table, or those that a partition has beside them. */
static void
plan_keys_of(RowsPlan *plan, Relation rel, int pass)
{
	List *indexes = RelationGetIndexList(rel);
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);
		Form_pg_index form = index->rd_index;
		int turn = form->indnkeyatts == 1 ? 0 : form->indisexclusion ? 1 : 2;

		if (rows_is_partial(plan, index))
			turn = 3;
		if ((form->indisunique || form->indisexclusion) && turn == pass &&
			(rel == plan->rel || !index->rd_rel->relispartition))
			plan_key(plan, rel, index);
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
}

static void
plan_key(RowsPlan *plan, Relation rel, Relation index)
{
	List *columns = rows_columns_of_index(plan, rel, index);
	RowsColumn *best = NULL;
	List *digits = NIL;
	bool partial = rows_is_partial(plan, index);
	bool own = index->rd_index->indrelid == RelationGetRelid(plan->rel);
	RowsColumn *end = NULL;
	ListCell *cell;

	if (is_unique_already(columns))
		return;
	if (own && rows_find_span(plan, index, &best, &end))
	{
		if (end == NULL)
		{
			add_key(plan, index, list_concat(list_make1(best), other_digits(index, columns, best)));
			return;
		}
		add_key(plan, index, list_make1(best));
		rows_end_spans(best, end);
		return;
	}

	/* prefer the last: index columns usually go from the general to the particular */
	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);

		if (column->kind == ROWS_COLUMN_RANDOM && column->value->encode != NULL &&
			column->value->capacity >= ENOUGH_FOR_ANY &&
			(best == NULL || column->region_value == NULL))
			best = column;
	}
	if (best == NULL && rows_share_digit(plan, columns))
		return;
	if (best != NULL)
		best = rows_better_count(plan, columns, best);
	if (best != NULL && rows_count_together(plan, columns, best))
		best = NULL;
	if (best == NULL)
		digits = digits_of(plan, columns);
	if (best == NULL && digits == NIL)
		digits = rows_replace_default(plan, columns);

	if (best != NULL)
	{
		if (own)
			rows_spread(plan, index, best);
		add_key(plan, index, list_make1(best));
	}
	else if (digits != NIL || (index->rd_index->indisunique && (partial || columns == NIL)))
		add_key(plan, index, digits); /* without columns: one row, or none */
	else if (index->rd_index->indisexclusion)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot make rows that satisfy \"%s\" of table \"%s\"",
						RelationGetRelationName(index), RelationGetRelationName(plan->rel)),
				 errdetail("An exclusion constraint is obeyed only if it compares a column for equality, "
						   "or ranges for overlap."),
				 errhint("Drop the constraint for the time of the load.")));
	else
	{
		/* a default may be unique by itself, and nulls are distinct; refuse anything else */
		foreach (cell, columns)
		{
			RowsColumn *column = lfirst(cell);

			if (column->kind == ROWS_COLUMN_DEFAULT || column->kind == ROWS_COLUMN_FALLBACK ||
				column->kind == ROWS_COLUMN_NOTHING ||
				(column->kind == ROWS_COLUMN_NULL && !index->rd_index->indnullsnotdistinct))
				return;
		}
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot make unique values for index \"%s\" of table \"%s\"",
						RelationGetRelationName(index), RelationGetRelationName(plan->rel)),
				 errdetail("The values of column \"%s\" cannot be counted.",
						   NameStr(TupleDescAttr(RelationGetDescr(plan->rel),
												 ((RowsColumn *) linitial(columns))->attnum - 1)
									   ->attname)),
				 errhint(
					 "Give the column a DEFAULT that is unique, or drop the index for the time of the load.")));
	}
}

/* Is the column itself a key of the index, and not only in an expression? */
static bool
is_key(Relation index, RowsColumn *column)
{
	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		if (index->rd_index->indkey.values[i] == column->attnum)
			return true;
	}
	return false;
}

/* Columns of few values that an exclusion constraint compares for equality, beside a span. */
static List *
other_digits(Relation index, List *columns, RowsColumn *best)
{
	List *digits = NIL;
	ListCell *cell;

	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);

		if (column != best && column->kind == ROWS_COLUMN_RANDOM && column->value->encode != NULL &&
			column->value->capacity > 0 && column->value->capacity < MOST_OTHERS &&
			is_key(index, column))
			digits = lappend(digits, column);
	}
	return digits;
}

/* The columns that can be counted.  Columns of one foreign key are counted as one. */
static List *
digits_of(RowsPlan *plan, List *columns)
{
	List *digits = NIL;
	List *counted = NIL;
	ListCell *cell;

	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);
		uint64 capacity;

		if (column->kind == ROWS_COLUMN_RANDOM && column->value->encode != NULL &&
			column->value->capacity > 0)
			digits = lappend(digits, column);
		if (column->kind != ROWS_COLUMN_FOREIGN || column->foreign->counting != NULL ||
			list_member_ptr(counted, column->foreign))
			continue;
		capacity = rows_count_foreign(plan, column->foreign, columns);
		if (capacity == 0)
			continue;
		counted = lappend(counted, column->foreign);
		column->value = rows_make_unknown_value(column->foreign->types[column->component], -1);
		column->value->capacity = capacity;
		digits = lappend(digits, column);
	}
	return digits;
}

/* Does a sequence, or unique columns among these, already make the rows unique? */
static bool
is_unique_already(List *columns)
{
	bool all_promised = (columns != NIL);
	ListCell *cell;

	foreach (cell, columns)
		all_promised &= ((RowsColumn *) lfirst(cell))->promised;
	if (all_promised)
		return true;
	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);
		bool whole = true;

		if (column->kind == ROWS_COLUMN_SEQUENCE || is_unique_hierarchy(columns, column))
			return true;
		if (column->counted == NULL || column->counted->partial)
			continue;
		for (int i = 0; i < column->counted->ncolumns; i++)
			whole &= covers_digit(columns, column->counted->columns[i]);
		if (whole)
			return true;
	}
	return false;
}

/* A tree whose key is unique already: no two rows refer to the same one. */
static bool
is_unique_hierarchy(List *columns, RowsColumn *column)
{
	RowsHierarchy *hierarchy = column->hierarchy;

	if (hierarchy == NULL || !hierarchy->is_unique)
		return false;
	for (int i = 0; i < hierarchy->ncolumns; i++)
	{
		bool found = !hierarchy->sets[i];
		ListCell *cell;

		foreach (cell, columns)
			found |= ((RowsColumn *) lfirst(cell))->attnum == hierarchy->attnums[i];
		if (!found)
			return false;
	}
	return true;
}

/* Do the columns determine this part of the ordinal? */
static bool
covers_digit(List *columns, RowsColumn *digit)
{
	int told = 0;
	ListCell *cell;

	if (digit->kind != ROWS_COLUMN_FOREIGN)
		return list_member_ptr(columns, digit);
	for (int i = 0; i < digit->foreign->ncolumns; i++)
		told += digit->foreign->counts[i];
	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);

		if (column->kind == ROWS_COLUMN_FOREIGN && column->foreign == digit->foreign)
			told -= digit->foreign->counts[column->component];
	}
	return told <= 0;
}

/* Let the columns share one ordinal; the last column changes fastest. */
static void
add_key(RowsPlan *plan, Relation index, List *columns)
{
	RowsUnique *unique = palloc0(sizeof(RowsUnique));
	uint64 divisor = 1;

	unique->name = pstrdup(RelationGetRelationName(index));
	unique->index = RelationGetRelid(index);
	unique->ncolumns = list_length(columns);
	unique->columns = palloc(sizeof(RowsColumn *) * unique->ncolumns);

	for (int i = unique->ncolumns - 1; i >= 0; i--)
	{
		RowsColumn *column = list_nth(columns, i);

		unique->columns[i] = column;
		if (index->rd_index->indnullsnotdistinct)
			column->value->null_fraction = 0;
		if (column->kind == ROWS_COLUMN_FOREIGN)
		{
			column->foreign->counting = column;
			for (int j = 0; j < column->foreign->ncolumns && index->rd_index->indnullsnotdistinct; j++)
				plan->columns[column->foreign->attnums[j] - 1].null_below = 0;
		}
		else
			column->kind = ROWS_COLUMN_KEY;
		column->counted = unique;
		column->divisor = divisor;
		column->radix = Min(column->value->capacity, Max(LAST_ORDINAL / divisor, 1));
		divisor *= column->radix;
	}
	unique->partial = rows_is_partial(plan, index) && divisor < ENOUGH_FOR_ANY;
	unique->stride = 1;
	unique->capacity = columns != NIL || !unique->partial ? divisor : 0;
	if (!rows_list_ordinals(plan, unique, index))
		rows_set_stride(plan, unique);
	if (unique->partial)
		rows_stay_outside(plan, index, unique);
	if (columns != NIL || !unique->partial)
		plan->uniques = lappend(plan->uniques, unique);
}
