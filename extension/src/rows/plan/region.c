/*-------------------------------------------------------------------------
 *
 * region.c
 *	  Values of a column that come from the region which the row has picked.
 *
 * All columns of a row pick the same region, unless they count.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/parts.h"
#include "rows/plan/region.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/type.h"

static void count_all(RowsPlan *plan, RowsColumn *column, RowsValue *value);
static Datum make_in_region(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_in_region(const RowsValue *value, uint64 ordinal, RowsDraw *draw,
							  RowsArena *arena);
static bool decode_in_region(const RowsValue *value, Datum datum, uint64 *ordinal);
static Datum encode_any(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_any(const RowsValue *value, Datum datum, uint64 *ordinal);

RowsValue *
rows_make_region_value(RowsPlan *plan, RowsColumn *column, List *regions, bool takes_all)
{
	RowsValue *value = NULL;
	int nfields = list_length(regions);
	RowsValue **fields = palloc(sizeof(RowsValue *) * nfields);
	bool filtered = false;
	ListCell *cell;

	foreach (cell, regions)
	{
		RowsValue *field = ((RowsRegion *) lfirst(cell))->values[column->attnum - 1];

		if (field == NULL)
			return NULL;
		if (value == NULL)
		{
			value = palloc(sizeof(RowsValue));
			*value = *field;
			value->capacity = 0;
			value->from_int = NULL;
			value->domain = NULL;
			value->nchoices = 0;
			value->filter = NULL;
			value->null_fraction = 0;
			value->name = "partition";
			value->detail = psprintf("a value of one of %d partitions", nfields);
			value->make = make_in_region;
			value->encode = encode_in_region;
			value->decode = decode_in_region;
			value->region_stream = rows_stream(plan->seed, 2 * MaxHeapAttributeNumber, 0);
		}
		if (field->encode == NULL)
			value->encode = NULL;
		filtered |= ((RowsRegion *) lfirst(cell))->filters[column->attnum - 1] != NIL;
		value->capacity += field->capacity;
		fields[foreach_current_index(cell)] = field;
	}
	value->fields = fields;
	value->nfields = nfields;
	if (filtered)
		count_all(plan, column, value);
	return value;
}

/* All columns of a row take their values from the same region. */
static Datum
make_in_region(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	RowsDraw region;
	bool isnull;

	rows_draw_start(&region, value->region_stream + draw->attempt * ROWS_STEP, draw->row);
	return rows_value(value->fields[rows_below(&region, value->nfields)], draw, arena, &isnull);
}

static Datum
encode_in_region(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	int i = 0;

	while (ordinal >= value->fields[i]->capacity)
		ordinal -= value->fields[i++]->capacity;
	return value->fields[i]->encode(value->fields[i], ordinal, draw, arena);
}

static bool
decode_in_region(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	uint64 passed = 0;

	for (int i = 0; i < value->nfields; i++)
	{
		if (value->fields[i]->decode(value->fields[i], datum, ordinal) &&
			*ordinal < value->fields[i]->capacity)
		{
			*ordinal += passed;
			return true;
		}
		passed += value->fields[i]->capacity;
	}
	return false;
}

/*
 * What is left beside the bounds of other partitions has no ordinals of its own: count
 * all values, and let each row try several where not every value has a partition.
 */
static void
count_all(RowsPlan *plan, RowsColumn *column, RowsValue *value)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);

	value->element = rows_make_value(attribute->atttypid, attribute->atttypmod, &column->bounds,
									 NameStr(attribute->attname));
	value->encode = value->element != NULL && value->element->encode != NULL ? encode_any : NULL;
	value->decode = decode_any;
	value->capacity = value->element != NULL ? value->element->capacity : 0;
}

static Datum
encode_any(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	return value->element->encode(value->element, ordinal, draw, arena);
}

static bool
decode_any(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	return value->element->decode(value->element, datum, ordinal);
}
