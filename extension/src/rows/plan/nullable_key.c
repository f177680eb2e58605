/*-------------------------------------------------------------------------
 *
 * nullable_key.c
 *	  Columns of keys that a condition may want null.
 *
 * A null takes its row out of every unique index that has the column, and out of a foreign
 * key that is not MATCH FULL.  It must take nothing away that other rows rely on: an index
 * on an expression of the column may see equal values in its place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/genam.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/leaves.h"
#include "rows/plan/moves.h"

static bool is_referenced(RowsPlan *plan, AttrNumber attnum);
static bool stays_unique(Relation rel, AttrNumber attnum);
static bool index_needs_value(Relation rel, Relation index, AttrNumber attnum);

/* May the search make the column null, although its values are counted, or go with those of others? */
bool
rows_key_may_be_null(RowsPlan *plan, RowsColumn *column)
{
	ListCell *cell;

	if (column->kind != ROWS_COLUMN_KEY &&
		(column->kind != ROWS_COLUMN_FOREIGN || column->foreign->match_full))
		return false;
	if (column->region_value != NULL || column->promised || is_referenced(plan, column->attnum) ||
		!stays_unique(plan->rel, column->attnum))
		return false;
	if (plan->rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return true;
	foreach (cell, rows_leaves(plan->rel))
	{
		Relation leaf = table_open(lfirst_oid(cell), NoLock);
		AttrMap *map = build_attrmap_by_name(RelationGetDescr(leaf), RelationGetDescr(plan->rel),
											 false);
		bool stays = stays_unique(leaf, map->attnums[column->attnum - 1]);

		table_close(leaf, NoLock);
		if (!stays)
			return false;
	}
	return true;
}

/* Do other rows of the load refer to its value? */
static bool
is_referenced(RowsPlan *plan, AttrNumber attnum)
{
	ListCell *cell;

	foreach (cell, plan->hierarchies)
	{
		RowsHierarchy *hierarchy = lfirst(cell);

		for (int i = 0; i < hierarchy->ncolumns; i++)
		{
			if (hierarchy->referenced[i] == attnum || hierarchy->attnums[i] == attnum)
				return true;
		}
	}
	return false;
}

static bool
stays_unique(Relation rel, AttrNumber attnum)
{
	List *indexes = RelationGetIndexList(rel);
	bool stays = true;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_index->indisunique || index->rd_index->indisexclusion)
			stays &= !index_needs_value(rel, index, attnum);
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return stays;
}

/* Does a null there count as a value, or become one?  Generated columns are expressions, too. */
static bool
index_needs_value(Relation rel, Relation index, AttrNumber attnum)
{
	Bitmapset *attributes = NULL;

	pull_varattnos((Node *) RelationGetIndexExpressions(index), 1, &attributes);
	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		AttrNumber key = index->rd_index->indkey.values[i];

		if (key == attnum && index->rd_index->indnullsnotdistinct)
			return true;
		if (key > 0 && TupleDescAttr(RelationGetDescr(rel), key - 1)->attgenerated != '\0')
			pull_varattnos(build_column_default(rel, key), 1, &attributes);
	}
	return bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, attributes);
}
