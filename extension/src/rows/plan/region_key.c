/*-------------------------------------------------------------------------
 *
 * region_key.c
 *	  Foreign keys of a partition that other partitions contradict: in its region the
 *	  columns take their values from the rows that it refers to.
 *
 * PostgreSQL checks each row: one that lands in another partition must not pass.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/region.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/type.h"

static void take_key(RowsPlan *plan, RowsKey *key, RowsForeign *foreign, RowsRegion *region);
static Datum make_key(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* Let the columns of the partition's own foreign keys refer to their rows. */
void
rows_read_leaf_keys(RowsPlan *plan, Oid leaf, RowsRegion *region)
{
	ListCell *cell;

	foreach (cell, plan->leaf_keys)
	{
		RowsKey *key = lfirst(cell);
		RowsForeign *foreign;

		if (!list_member_oid(key->leaves, leaf))
			continue;
		foreign = rows_start_foreign(plan, key,
									 MaxHeapAttributeNumber / 2 + foreach_current_index(cell));
		rows_read_parents(plan, key->info, foreign);
		rows_keep_admissible(plan, foreign);
		if (foreign->nparents == 0)
			rows_handle_no_parents(plan, key, false);
		else
			take_key(plan, key, foreign, region);
	}
}

static void
take_key(RowsPlan *plan, RowsKey *key, RowsForeign *foreign, RowsRegion *region)
{
	for (int i = 0; i < foreign->ncolumns; i++)
	{
		int column = foreign->attnums[i] - 1;
		RowsValue *value;

		if (plan->columns[column].planned)
			continue;
		value = rows_make_unknown_value(TupleDescAttr(RelationGetDescr(plan->rel), column)->atttypid,
										-1);
		value->name = "reference";
		value->make = make_key;
		value->choices = palloc(sizeof(Datum) * foreign->nparents);
		for (uint64 row = 0; row < foreign->nparents; row++)
			value->choices[row] = foreign->values[row * foreign->ncolumns + i];
		value->nchoices = foreign->nparents;
		value->region_stream = foreign->stream;
		region->keys[column] = value;
		if (!region->limits[column])
		{
			region->limits[column] = true;
			region->nlimits++;
		}
	}
}

/* All columns of a key come from the same row. */
static Datum
make_key(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	RowsDraw row;

	rows_draw_start(&row, value->region_stream + draw->attempt * ROWS_STEP, draw->row);
	return value->choices[rows_below(&row, value->nchoices)];
}
