/*-------------------------------------------------------------------------
 *
 * hierarchy.c
 *	  Rows of a table that refers to itself: each refers to another row of the same load.
 *
 * A row refers to an earlier one of its block, whose key is remembered, so that a block
 * depends on nothing but its rows.  Where no row is earlier and a root is not possible,
 * it refers to the next one, whose key is made ahead.  A row must never refer to one
 * that another transaction makes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/parts.h"
#include "rows/value/generator.h"
#include "rows/value/hash.h"
#include "rows/write/hierarchy.h"

/* The referenced columns of the rows of one block. */
struct RowsElders
{
	MemoryContext context; /* of the values; reset for each block */
	uint64 nrows;		   /* rows remembered */
	uint64 next;		   /* number of the row after them */
	Datum *values;		   /* natts of each row; only referenced columns are set */
	bool *isnull;
	bool *wanted; /* per column of the table: is it referenced? */
};

static bool find_elder(RowsMaker *maker, RowsHierarchy *hierarchy, uint64 row, int attempt,
					   Datum *values, bool *isnull);
static bool take_elder(RowsMaker *maker, RowsHierarchy *hierarchy, uint64 number, Datum *values,
					   bool *isnull);
static bool take_next(RowsMaker *maker, RowsHierarchy *hierarchy, uint64 row, Datum *values,
					  bool *isnull);
static bool key_ahead(RowsMaker *maker, RowsColumn *column, uint64 row, Datum *value);
static void take_itself(RowsHierarchy *hierarchy, Datum *values, bool *isnull);

/* What a maker remembers of a block; NULL: the table does not refer to itself. */
RowsElders *
rows_start_elders(RowsPlan *plan)
{
	RowsElders *elders;
	ListCell *cell;

	if (plan->hierarchies == NIL)
		return NULL;
	elders = palloc0(sizeof(RowsElders));
	elders->context = AllocSetContextCreate(CurrentMemoryContext, "poc_barman hierarchy",
											ALLOCSET_DEFAULT_SIZES);
	elders->values = palloc0(sizeof(Datum) * ROWS_BLOCK * plan->natts);
	elders->isnull = palloc0(sizeof(bool) * ROWS_BLOCK * plan->natts);
	elders->wanted = palloc0(sizeof(bool) * plan->natts);
	foreach (cell, plan->hierarchies)
	{
		RowsHierarchy *hierarchy = lfirst(cell);

		for (int i = 0; i < hierarchy->ncolumns; i++)
			elders->wanted[hierarchy->referenced[i] - 1] = true;
	}
	return elders;
}

/* Let the row refer to other rows; its other columns are known. */
void
rows_refer_to_rows(RowsMaker *maker, uint64 row, int attempt, Datum *values, bool *isnull)
{
	RowsElders *elders = maker->elders;
	ListCell *cell;

	if (elders->next != row || (row - maker->plan->options->start) % ROWS_BLOCK == 0)
	{
		MemoryContextReset(elders->context);
		elders->nrows = 0;
	}
	foreach (cell, maker->plan->hierarchies)
	{
		RowsHierarchy *hierarchy = lfirst(cell);

		if (find_elder(maker, hierarchy, row, attempt, values, isnull))
			continue;
		take_itself(hierarchy, values, isnull);
		for (int i = 0; i < hierarchy->ncolumns && hierarchy->nullable; i++)
		{
			if (hierarchy->sets[i] && hierarchy->nulls[i])
				isnull[hierarchy->attnums[i] - 1] = true;
		}
	}
}

/* Choose the row to refer to.  False: the row becomes a root. */
static bool
find_elder(RowsMaker *maker, RowsHierarchy *hierarchy, uint64 row, int attempt, Datum *values,
		   bool *isnull)
{
	uint64 known = maker->elders->nrows;
	RowsDraw draw;
	uint64 first;

	if (hierarchy->is_unique && hierarchy->nullable && !hierarchy->one_null)
		return known > 0 && take_elder(maker, hierarchy, known - 1, values, isnull);
	/* pairs of rows that refer to each other */
	if (hierarchy->is_unique)
		return known % 2 == 1 ? take_elder(maker, hierarchy, known - 1, values, isnull)
							  : take_next(maker, hierarchy, row, values, isnull);

	rows_draw_start(&draw, hierarchy->stream + (uint64) attempt * ROWS_STEP, row);
	if (hierarchy->nullable && (known == 0 || rows_unit(&draw) < hierarchy->roots))
		return false;
	if (known == 0)
		return take_next(maker, hierarchy, row, values, isnull);
	/* the other columns of the key must agree */
	first = rows_below(&draw, known);
	for (uint64 i = 0; i < known; i++)
	{
		if (take_elder(maker, hierarchy, (first + i) % known, values, isnull))
			return true;
	}
	return false;
}

/* Refer to a remembered row, if the columns that something else has settled agree. */
static bool
take_elder(RowsMaker *maker, RowsHierarchy *hierarchy, uint64 number, Datum *values, bool *isnull)
{
	RowsElders *elders = maker->elders;
	int natts = maker->plan->natts;
	Datum *elder = elders->values + number * natts;
	bool *elder_isnull = elders->isnull + number * natts;

	for (int i = 0; i < hierarchy->ncolumns; i++)
	{
		int from = hierarchy->referenced[i] - 1;
		int to = hierarchy->attnums[i] - 1;

		if (elder_isnull[from])
			return false;
		if (!hierarchy->sets[i] &&
			(isnull[to] ||
			 !rows_same_datum(values[to], elder[from],
							  TupleDescAttr(RelationGetDescr(maker->plan->rel), to)->atttypid)))
			return false;
	}
	for (int i = 0; i < hierarchy->ncolumns; i++)
	{
		if (!hierarchy->sets[i])
			continue;
		values[hierarchy->attnums[i] - 1] = elder[hierarchy->referenced[i] - 1];
		isnull[hierarchy->attnums[i] - 1] = false;
	}
	return true;
}

/* Refer to the next row, if there is one and its key can be made ahead. */
static bool
take_next(RowsMaker *maker, RowsHierarchy *hierarchy, uint64 row, Datum *values, bool *isnull)
{
	RowsColumn *column = &maker->plan->columns[hierarchy->referenced[0] - 1];

	if (hierarchy->ncolumns > 1 || row + 1 >= maker->end ||
		(row + 1 - maker->plan->options->start) % ROWS_BLOCK == 0 ||
		!key_ahead(maker, column, row + 1, &values[hierarchy->attnums[0] - 1]))
		return false;
	isnull[hierarchy->attnums[0] - 1] = false;
	return true;
}

/*
 * The value that a column will have in a later row, if that can be told: the next one of a
 * sequence is drawn now and kept until then.
 */
static bool
key_ahead(RowsMaker *maker, RowsColumn *column, uint64 row, Datum *value)
{
	RowsDraw draw;

	if (column->kind == ROWS_COLUMN_SEQUENCE && !maker->dry)
	{
		if (!column->has_ahead)
			column->ahead = rows_next_in_sequence(column, maker->end - row, &maker->arena);
		column->has_ahead = true;
		*value = column->ahead;
		return SIZEOF_DATUM >= 8;
	}
	if (column->kind != ROWS_COLUMN_KEY || column->counted->stride != 1 ||
		column->value->null_fraction > 0)
		return false;
	rows_draw_start(&draw, column->stream, row);
	*value = column->value->encode(column->value, rows_counted_part(column, row, 0), &draw,
								   &maker->arena);
	return true;
}

/* The row's own key. */
static void
take_itself(RowsHierarchy *hierarchy, Datum *values, bool *isnull)
{
	for (int i = 0; i < hierarchy->ncolumns; i++)
	{
		if (!hierarchy->sets[i])
			continue;
		values[hierarchy->attnums[i] - 1] = values[hierarchy->referenced[i] - 1];
		isnull[hierarchy->attnums[i] - 1] = isnull[hierarchy->referenced[i] - 1];
	}
}

/* Remember what later rows may refer to. */
void
rows_remember_row(RowsMaker *maker, uint64 row, const Datum *values, const bool *isnull)
{
	RowsElders *elders = maker->elders;
	int natts = maker->plan->natts;
	MemoryContext old = MemoryContextSwitchTo(elders->context);

	for (int i = 0; i < natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(maker->plan->rel), i);
		uint64 at = elders->nrows * natts + i;

		if (!elders->wanted[i])
			continue;
		elders->isnull[at] = isnull[i];
		elders->values[at] = isnull[i]
								 ? (Datum) 0
								 : datumCopy(values[i], attribute->attbyval, attribute->attlen);
	}
	MemoryContextSwitchTo(old);
	elders->nrows++;
	elders->next = row + 1;
}
