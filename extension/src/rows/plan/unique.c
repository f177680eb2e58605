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
#include "catalog/pg_index.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/value/generator.h"
#include "rows/value/type.h"

/* A type with fewer values is counted together with other columns. */
#define ENOUGH_FOR_ANY (UINT64CONST(1) << 24)

/* Ordinals that a row may try to satisfy its CHECK. */
#define CHECKED_STRIDE 64

/* Ordinals stay below this, so that sums cannot overflow. */
#define LAST_ORDINAL (UINT64CONST(1) << 62)

static void plan_key(RowsPlan *plan, Relation index);
static void add_columns_of(RowsPlan *plan, Node *expression, List **columns);
static List *columns_of_index(RowsPlan *plan, Relation index);
static List *digits_of(RowsPlan *plan, List *columns);
static List *replace_default(RowsPlan *plan, List *columns);
static bool is_unique_already(List *columns);
static bool is_unique_hierarchy(List *columns, RowsColumn *column);
static bool covers_digit(List *columns, RowsColumn *digit);
static void add_key(RowsPlan *plan, Relation index, List *columns);
static bool is_checked_by_row(RowsPlan *plan, RowsUnique *unique);

void
rows_plan_keys(RowsPlan *plan)
{
	List *indexes = RelationGetIndexList(plan->rel);
	ListCell *cell;

	/* indexes of one column first, because they offer no choice */
	for (int pass = 0; pass < 2; pass++)
	{
		foreach (cell, indexes)
		{
			Relation index = index_open(lfirst_oid(cell), AccessShareLock);
			Form_pg_index form = index->rd_index;

			if ((form->indisunique || form->indisexclusion) && (form->indnkeyatts == 1) == (pass == 0))
				plan_key(plan, index);
			index_close(index, AccessShareLock);
		}
	}
	list_free(indexes);
}

static void
plan_key(RowsPlan *plan, Relation index)
{
	List *columns = columns_of_index(plan, index);
	RowsColumn *best = NULL;
	List *digits = NIL;
	ListCell *cell;

	if (is_unique_already(columns))
		return;

	/* prefer the last: index columns usually go from the general to the particular */
	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);

		if (column->kind == ROWS_COLUMN_RANDOM && column->value->encode != NULL &&
			column->value->capacity >= ENOUGH_FOR_ANY &&
			(best == NULL || column->region_value == NULL))
			best = column;
	}
	if (best == NULL)
		digits = digits_of(plan, columns);
	if (best == NULL && digits == NIL)
		digits = replace_default(plan, columns);

	if (best != NULL)
		add_key(plan, index, list_make1(best));
	else if (digits != NIL)
		add_key(plan, index, digits);
	else if (columns == NIL || index->rd_index->indisexclusion)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot make rows that satisfy \"%s\" of table \"%s\"",
						RelationGetRelationName(index), RelationGetRelationName(plan->rel)),
				 index->rd_index->indisexclusion
					 ? errdetail(
						   "An exclusion constraint is obeyed only if it compares a column for equality, or ranges for overlap.")
					 : errdetail("The index is unique on no column at all."),
				 errhint("Drop the constraint for the time of the load.")));
	else
	{
		/* a default may be unique by itself, and nulls are distinct; refuse anything else */
		foreach (cell, columns)
		{
			RowsColumn *column = lfirst(cell);

			if (column->kind == ROWS_COLUMN_DEFAULT || column->kind == ROWS_COLUMN_NOTHING ||
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

/*
 * A constant default cannot be unique: count the column instead, as if the
 * option "default" were false.
 */
static List *
replace_default(RowsPlan *plan, List *columns)
{
	ListCell *cell;

	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);
		RowsValue *value;

		if (column->kind != ROWS_COLUMN_DEFAULT || column->is_volatile ||
			(column->options != NULL && column->options->use_default == 1))
			continue;
		value = rows_make_value(attribute->atttypid, attribute->atttypmod, &column->bounds,
								NameStr(attribute->attname));
		if (value == NULL || value->encode == NULL || value->capacity == 0)
			continue;
		column->kind = ROWS_COLUMN_RANDOM;
		column->value = value;
		column->bounded = true;
		return list_make1(column);
	}
	return NIL;
}

static void
add_columns_of(RowsPlan *plan, Node *expression, List **columns)
{
	Bitmapset *attributes = NULL;
	int member = -1;

	pull_varattnos(expression, 1, &attributes);
	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0)
			*columns = list_append_unique_ptr(*columns, &plan->columns[attnum - 1]);
	}
}

/*
 * The columns of which at least one has to differ.  An index on an expression
 * stands for its columns: counted values mostly stay different under functions
 * such as lower(); where they do not, the index raises an error.
 */
static List *
columns_of_index(RowsPlan *plan, Relation index)
{
	List *columns = NIL;
	List *expressions = RelationGetIndexExpressions(index);
	ListCell *expression = list_head(expressions);
	Oid *operators = NULL;

	if (index->rd_index->indisexclusion)
	{
		Oid *procs;
		uint16 *strategies;

		RelationGetExclusionInfo(index, &operators, &procs, &strategies);
	}

	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		AttrNumber attnum = index->rd_index->indkey.values[i];

		if (attnum == 0)
		{
			add_columns_of(plan, lfirst(expression), &columns);
			expression = lnext(expressions, expression);
			continue;
		}
		if (attnum <= 0)
			continue;
		if (TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1)->attgenerated != '\0')
		{
			add_columns_of(plan, build_column_default(plan->rel, attnum), &columns);
			continue;
		}
		if (operators != NULL)
		{
			char *name = get_opname(operators[i]);

			/* counted ranges do not overlap */
			if (name == NULL ||
				(strcmp(name, "=") != 0 &&
				 !(strcmp(name, "&&") == 0 &&
				   (type_is_range(TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1)->atttypid) ||
					type_is_multirange(
						TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1)->atttypid)))))
				continue;
		}
		columns = lappend(columns, &plan->columns[attnum - 1]);
	}
	return columns;
}

/* Does a sequence, or unique columns among these, already make the rows unique? */
static bool
is_unique_already(List *columns)
{
	ListCell *cell;

	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);
		bool whole = true;

		if (column->kind == ROWS_COLUMN_SEQUENCE || is_unique_hierarchy(columns, column))
			return true;
		if (column->counted == NULL)
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

/*
 * Does a CHECK that is not understood, such as the bound of a hash partition,
 * use the columns?  Then each row may try several ordinals.
 */
static bool
is_checked_by_row(RowsPlan *plan, RowsUnique *unique)
{
	ListCell *cell;
	Bitmapset *attributes = NULL;

	foreach (cell, plan->checks)
	{
		Bitmapset *of_check = NULL;
		bool has_hierarchy = false;
		int member = -1;

		pull_varattnos((Node *) ((RowsCheck *) lfirst(cell))->expr, 1, &of_check);
		/* another attempt chooses another row to refer to */
		while ((member = bms_next_member(of_check, member)) >= 0)
		{
			AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

			has_hierarchy |= attnum > 0 && plan->columns[attnum - 1].hierarchy != NULL;
		}
		if (!has_hierarchy && !rows_is_settled(plan, of_check))
			attributes = bms_add_members(attributes, of_check);
	}
	for (int i = 0; i < unique->ncolumns; i++)
	{
		if (bms_is_member(unique->columns[i]->attnum - FirstLowInvalidHeapAttributeNumber, attributes))
			return true;
	}
	return false;
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
	unique->stride = is_checked_by_row(plan, unique) ? CHECKED_STRIDE : 1;
	unique->capacity = divisor / unique->stride;
	plan->uniques = lappend(plan->uniques, unique);
}
