/*-------------------------------------------------------------------------
 *
 * index_columns.c
 *	  The columns of which at least one has to differ in the rows of a unique index, and
 *	  whether a column is one of such an index.
 *
 * A column of a partition is the table's of the same name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/genam.h"
#include "access/sysattr.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/value/kinds.h"

static void
add_columns_of(RowsPlan *plan, AttrMap *map, Node *expression, List **columns)
{
	Bitmapset *attributes = NULL;
	int member = -1;

	pull_varattnos(expression, 1, &attributes);
	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0)
			*columns = list_append_unique_ptr(*columns,
											  &plan->columns[(map == NULL ? attnum
																		  : map->attnums[attnum - 1]) -
															 1]);
	}
}

/*
 * The expression of each key of an index of the table itself, also of a generated column;
 * NULL for any other column.
 */
List *
rows_key_expressions(RowsPlan *plan, Relation index)
{
	List *expressions = RelationGetIndexExpressions(index);
	ListCell *next = list_head(expressions);
	List *result = NIL;

	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		AttrNumber attnum = index->rd_index->indkey.values[i];
		Node *expr = NULL;

		if (attnum == 0)
		{
			expr = rows_without_generated(lfirst(next), plan->rel);
			next = lnext(expressions, next);
		}
		else
			expr = rows_computed_from(plan, attnum);
		result = lappend(result, expr);
	}
	return result;
}

/* Do counted values of the type not overlap?  Circles do so on a grid. */
static bool
keep_apart(Oid type, RowsColumn *column)
{
	type = getBaseType(type);
	if (type == CIRCLEOID && column->kind == ROWS_COLUMN_RANDOM && !column->shaped &&
		!column->planned && column->region_value == NULL)
	{
		rows_init_pattern(column->value, "<(####0,####0),1>");
		return true;
	}
	return type_is_range(type) || type_is_multirange(type) || type == INETOID || type == CIDROID;
}

/*
 * The columns of which at least one has to differ.  An index on an expression
 * stands for its columns: counted values mostly stay different under functions
 * such as lower(); where they do not, the index raises an error.
 */
List *
rows_columns_of_index(RowsPlan *plan, Relation rel, Relation index)
{
	List *columns = NIL;
	List *expressions = RelationGetIndexExpressions(index);
	ListCell *expression = list_head(expressions);
	Oid *operators = NULL;
	AttrMap *map = build_attrmap_by_name(RelationGetDescr(plan->rel), RelationGetDescr(rel), false);

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
			add_columns_of(plan, map, lfirst(expression), &columns);
			expression = lnext(expressions, expression);
			continue;
		}
		if (attnum <= 0)
			continue;
		if (TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated != '\0')
		{
			add_columns_of(plan, map, build_column_default(rel, attnum), &columns);
			continue;
		}
		if (plan->columns[map->attnums[attnum - 1] - 1].kind == ROWS_COLUMN_FOLLOWING)
		{
			add_columns_of(plan, NULL, plan->columns[map->attnums[attnum - 1] - 1].follows, &columns);
			continue;
		}
		if (operators != NULL)
		{
			char *name = get_opname(operators[i]);

			if (name == NULL ||
				(strcmp(name, "=") != 0 &&
				 !(strcmp(name, "&&") == 0 &&
				   keep_apart(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atttypid,
							  &plan->columns[map->attnums[attnum - 1] - 1]))))
				continue;
		}
		columns = lappend(columns, &plan->columns[map->attnums[attnum - 1] - 1]);
	}
	return columns;
}

/* Is the column generated from the other one alone? */
static bool
is_computed_from(RowsPlan *plan, AttrNumber attnum, RowsColumn *column)
{
	Bitmapset *attributes = NULL;
	int member;

	if (TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1)->attgenerated == '\0')
		return false;
	pull_varattnos(build_column_default(plan->rel, attnum), 1, &attributes);
	return bms_get_singleton_member(attributes, &member) &&
		   member == column->attnum - FirstLowInvalidHeapAttributeNumber;
}

/* Has the column, or one generated from it alone, a place in a unique or exclusion index? */
bool
rows_is_unique_column(RowsPlan *plan, RowsColumn *column)
{
	List *indexes = RelationGetIndexList(plan->rel);
	Bitmapset *expressions = NULL;
	bool found = false;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);
		Form_pg_index form = index->rd_index;

		for (int i = 0; i < form->indnkeyatts && (form->indisunique || form->indisexclusion); i++)
		{
			AttrNumber attnum = form->indkey.values[i];

			found |= attnum == column->attnum ||
					 (attnum > 0 && is_computed_from(plan, attnum, column));
		}
		if (form->indisunique)
			pull_varattnos((Node *) RelationGetIndexExpressions(index), 1, &expressions);
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return found || bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, expressions);
}
