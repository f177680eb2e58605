/*-------------------------------------------------------------------------
 *
 * container.c
 *	  Values made of other values: arrays, ranges, multiranges, rows.
 *
 * This file and type.c call each other, because a container may hold
 * containers.  type.c stops the recursion at ROWS_MAX_DEPTH.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"
#include "rows/value/type.h"

/* Most elements of a generated array; it has at least one. */
#define ARRAY_ELEMENTS 4

static bool init_array(RowsValue *value, int depth);
static bool init_range(RowsValue *value, Oid range_type, int depth);
static bool init_composite(RowsValue *value, int depth);
static Datum make_array(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_array(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_array(const RowsValue *value, Datum datum, uint64 *ordinal);
static Datum make_one_range(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_range(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_range(const RowsValue *value, Datum datum, uint64 *ordinal);
static bool decode_upper(const RowsValue *value, RangeBound *upper, uint64 *ordinal);
static Datum make_one_multirange(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_multirange(const RowsValue *value, uint64 ordinal, RowsDraw *draw,
							   RowsArena *arena);
static bool decode_multirange(const RowsValue *value, Datum datum, uint64 *ordinal);
static Datum make_composite(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_fields(const RowsValue *value, uint64 ordinal, bool counted, RowsDraw *draw,
						 RowsArena *arena);
static Datum encode_composite(const RowsValue *value, uint64 ordinal, RowsDraw *draw,
							  RowsArena *arena);
static bool decode_composite(const RowsValue *value, Datum datum, uint64 *ordinal);

bool
rows_init_container(RowsValue *value, char typtype, int depth)
{
	switch (typtype)
	{
		case TYPTYPE_RANGE:
			return init_range(value, value->type, depth);
		case TYPTYPE_MULTIRANGE:
			if (!init_range(value, get_multirange_range(value->type), depth))
				return false;
			value->name = "multirange";
			value->make = make_one_multirange;
			if (value->encode != NULL)
			{
				value->encode = encode_multirange;
				value->decode = decode_multirange;
			}
			return true;
		case TYPTYPE_COMPOSITE:
			return init_composite(value, depth);
		default:
			return init_array(value, depth);
	}
}

/* ---- arrays ---- */

static bool
init_array(RowsValue *value, int depth)
{
	Oid element = get_element_type(value->type);

	if (!OidIsValid(element))
		return false;
	value->element = rows_make_nested(element, value->typmod, depth + 1);
	if (value->element == NULL)
		return false;
	value->name = "array";
	value->detail = psprintf("1 to %d of %s", ARRAY_ELEMENTS, value->element->name);
	value->make = make_array;
	if (value->element->encode != NULL)
	{
		value->encode = encode_array;
		value->decode = decode_array;
		value->capacity = value->element->capacity;
	}
	return true;
}

/* A counted array has one element, which is counted. */
static Datum
encode_array(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	const RowsValue *element = value->element;
	Datum datum = element->encode(element, ordinal, draw, arena);
	MemoryContext old = MemoryContextSwitchTo(arena->context);
	ArrayType *result = construct_array(&datum, 1, get_element_type(value->type), element->typlen,
										element->typbyval, element->typalign);

	MemoryContextSwitchTo(old);
	return PointerGetDatum(result);
}

static bool
decode_array(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	const RowsValue *element = value->element;
	ArrayType *array = DatumGetArrayTypeP(datum);
	Datum *elements;
	bool *nulls;
	int nelements;

	deconstruct_array(array, ARR_ELEMTYPE(array), element->typlen, element->typbyval,
					  element->typalign, &elements, &nulls, &nelements);
	return nelements > 0 && !nulls[0] && element->decode(element, elements[0], ordinal);
}

static Datum
make_array(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const RowsValue *element = value->element;
	Datum elements[ARRAY_ELEMENTS];
	bool nulls[ARRAY_ELEMENTS];
	int nelements = 1 + (int) rows_below(draw, ARRAY_ELEMENTS);
	int lower = 1;
	MemoryContext old;
	ArrayType *result;

	for (int i = 0; i < nelements; i++)
		elements[i] = rows_value(element, draw, arena, &nulls[i]);

	old = MemoryContextSwitchTo(arena->context);
	result = construct_md_array(elements, nulls, 1, &nelements, &lower, get_element_type(value->type),
								element->typlen, element->typbyval, element->typalign);
	MemoryContextSwitchTo(old);
	return PointerGetDatum(result);
}

/* ---- ranges ---- */

static bool
init_range(RowsValue *value, Oid range_type, int depth)
{
	value->typcache = lookup_type_cache(range_type, TYPECACHE_RANGE_INFO);
	value->element = rows_make_nested(value->typcache->rngelemtype->type_id, -1, depth + 1);
	if (value->element == NULL)
		return false;
	if (value->element->from_int != NULL && value->element->encode != NULL)
	{
		/* counted ranges are adjacent; ranges of times last an hour each */
		value->step = value->element->unique_unit;
		if (value->element->type == TIMESTAMPOID || value->element->type == TIMESTAMPTZOID)
			value->step = USECS_PER_HOUR;
		value->encode = encode_range;
		value->decode = decode_range;
		value->capacity = (uint64) (value->element->unique_high - value->element->unique_low) /
						  value->step;
	}
	value->name = "range";
	value->detail = psprintf("of %s", value->element->name);
	value->make = make_one_range;
	return true;
}

static Datum
make_one_range(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	RangeBound lower = {.inclusive = true, .lower = true};
	RangeBound upper = {.inclusive = false, .lower = false};
	MemoryContext old;
	RangeType *result;
	bool isnull;

	lower.val = rows_value(value->element, draw, arena, &isnull);
	lower.infinite = isnull;
	upper.val = rows_value(value->element, draw, arena, &isnull);
	upper.infinite = isnull;

	old = MemoryContextSwitchTo(arena->context);
	if (!lower.infinite && !upper.infinite &&
		range_cmp_bound_values(value->typcache, &lower, &upper) > 0)
	{
		Datum swap = lower.val;

		lower.val = upper.val;
		upper.val = swap;
	}
	result = make_range(value->typcache, &lower, &upper, false, NULL);
	MemoryContextSwitchTo(old);
	return RangeTypePGetDatum(result);
}

static Datum
encode_range(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	const RowsValue *element = value->element;
	int64 number = element->unique_low + (int64) ordinal * value->step;
	RangeBound lower = {.inclusive = true, .lower = true};
	RangeBound upper = {.inclusive = false, .lower = false};
	MemoryContext old;
	RangeType *result;

	lower.val = element->from_int(element, number, arena);
	upper.val = element->from_int(element, number + value->step, arena);
	old = MemoryContextSwitchTo(arena->context);
	result = make_range(value->typcache, &lower, &upper, false, NULL);
	MemoryContextSwitchTo(old);
	return RangeTypePGetDatum(result);
}

/* The last ordinal that the range overlaps: counting continues after its end. */
static bool
decode_range(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	RangeBound lower;
	RangeBound upper;
	bool empty;

	range_deserialize(value->typcache, DatumGetRangeTypeP(datum), &lower, &upper, &empty);
	return !empty && decode_upper(value, &upper, ordinal);
}

static bool
decode_upper(const RowsValue *value, RangeBound *upper, uint64 *ordinal)
{
	const RowsValue *element = value->element;
	int64 number;

	if (upper->infinite)
	{
		*ordinal = value->capacity;
		return true;
	}
	if (!element->to_int(element, upper->val, &number) || number < element->unique_low)
		return false;
	if (!upper->inclusive && number > element->unique_low)
		number--;
	*ordinal = (uint64) (number - element->unique_low) / value->step;
	return true;
}

static Datum
make_one_multirange(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	RangeType *ranges[2];
	int nranges = 1 + (int) rows_below(draw, 2);
	MemoryContext old;
	MultirangeType *result;

	for (int i = 0; i < nranges; i++)
		ranges[i] = DatumGetRangeTypeP(make_one_range(value, draw, arena));
	old = MemoryContextSwitchTo(arena->context);
	result = make_multirange(value->type, value->typcache, nranges, ranges);
	MemoryContextSwitchTo(old);
	return MultirangeTypePGetDatum(result);
}

/* A counted multirange contains one counted range. */
static Datum
encode_multirange(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	RangeType *range = DatumGetRangeTypeP(encode_range(value, ordinal, draw, arena));
	MemoryContext old = MemoryContextSwitchTo(arena->context);
	MultirangeType *result = make_multirange(value->type, value->typcache, 1, &range);

	MemoryContextSwitchTo(old);
	return MultirangeTypePGetDatum(result);
}

static bool
decode_multirange(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	MultirangeType *multirange = DatumGetMultirangeTypeP(datum);
	RangeBound lower;
	RangeBound upper;

	if (multirange->rangeCount == 0)
		return false;
	multirange_get_bounds(value->typcache, multirange, multirange->rangeCount - 1, &lower, &upper);
	return decode_upper(value, &upper, ordinal);
}

/* ---- rows as values ---- */

static bool
init_composite(RowsValue *value, int depth)
{
	value->tupdesc = lookup_rowtype_tupdesc_copy(value->type, value->typmod);
	value->nfields = value->tupdesc->natts;
	value->fields = palloc0(sizeof(RowsValue *) * value->nfields);
	for (int i = 0; i < value->nfields; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(value->tupdesc, i);

		if (attribute->attisdropped)
			continue;
		/* a field without generator stays null */
		value->fields[i] = rows_make_nested(attribute->atttypid, attribute->atttypmod, depth + 1);
	}
	value->name = "row";
	value->detail = psprintf("%d fields", value->nfields);
	value->make = make_composite;
	for (int i = 0; i < value->nfields && value->encode == NULL; i++)
	{
		if (value->fields[i] == NULL || value->fields[i]->encode == NULL ||
			value->fields[i]->capacity <= value->capacity)
			continue;
		value->element = value->fields[i];
		value->capacity = value->element->capacity;
	}
	if (value->element != NULL)
	{
		value->encode = encode_composite;
		value->decode = decode_composite;
	}
	return true;
}

/* One field of a counted row is counted. */
static Datum
encode_composite(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	return make_fields(value, ordinal, true, draw, arena);
}

static bool
decode_composite(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(datum);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};

	for (int i = 0; i < value->nfields; i++)
	{
		bool isnull;
		Datum field;

		if (value->fields[i] != value->element)
			continue;
		field = heap_getattr(&tuple, i + 1, value->tupdesc, &isnull);
		return !isnull && value->element->decode(value->element, field, ordinal);
	}
	return false;
}

static Datum
make_composite(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	return make_fields(value, 0, false, draw, arena);
}

static Datum
make_fields(const RowsValue *value, uint64 ordinal, bool counted, RowsDraw *draw, RowsArena *arena)
{
	Datum *datums = rows_alloc(arena, sizeof(Datum) * Max(value->nfields, 1));
	bool *nulls = rows_alloc(arena, sizeof(bool) * Max(value->nfields, 1));
	MemoryContext old;
	Datum result;

	for (int i = 0; i < value->nfields; i++)
	{
		if (value->fields[i] == NULL)
		{
			datums[i] = (Datum) 0;
			nulls[i] = true;
		}
		else if (counted && value->fields[i] == value->element)
		{
			datums[i] = value->element->encode(value->element, ordinal, draw, arena);
			nulls[i] = false;
		}
		else
			datums[i] = rows_value(value->fields[i], draw, arena, &nulls[i]);
	}
	old = MemoryContextSwitchTo(arena->context);
	result = HeapTupleGetDatum(heap_form_tuple(value->tupdesc, datums, nulls));
	MemoryContextSwitchTo(old);
	return result;
}
