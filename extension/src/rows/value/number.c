/*-------------------------------------------------------------------------
 *
 * number.c
 *	  Values of types that map to integers: numbers, money, dates and times,
 *	  LSNs.
 *
 * Each such type maps an int64 to a Datum and back (number_types.c), so that
 * ranges, counting and distributions are implemented once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

/* numeric(p): at most this many digits, to fit an int64 */
#define NUMERIC_DIGITS 18

static Datum make_number(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_number(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_number(const RowsValue *value, Datum datum, uint64 *ordinal);
static void init_numeric(RowsValue *value);
static void init_precision(RowsValue *value);
static void apply_bounds(RowsValue *value, RowsBounds *bounds);

/* Initialize a value of one of these types; false if the type is not one of them. */
bool
rows_init_number(RowsValue *value, RowsBounds *bounds)
{
	const RowsNumberType *type = rows_number_type(value->type);

	if (type == NULL)
		return false;

	value->name = type->name;
	value->low = type->low;
	value->high = type->high;
	value->unique_low = type->unique_low;
	value->unique_high = type->unique_high;
	value->unique_unit = type->unique_unit;
	value->from_int = type->from_int;
	value->to_int = type->to_int;
	value->scale = type->scale;
	value->make = make_number;
	value->encode = encode_number;
	value->decode = decode_number;

	if (value->type == NUMERICOID)
		init_numeric(value);
	init_precision(value);
	apply_bounds(value, bounds);

	value->capacity = (uint64) (value->unique_high - value->unique_low) / value->unique_unit + 1;
	/* few enough that all of them may be needed */
	if (value->type == INT2OID && bounds->lows == NIL && bounds->highs == NIL)
	{
		value->wraps = true;
		value->capacity = PG_UINT16_MAX + 1;
	}
	return true;
}

static Datum
make_number(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	return value->from_int(value, rows_draw_number(value, draw), arena);
}

static Datum
encode_number(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	int64 number = value->unique_low + (int64) ordinal * value->unique_unit;

	if (unlikely(value->wraps))
		number = (int16) number;
	return value->from_int(value, number, arena);
}

static bool
decode_number(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	int64 number;

	if (value->wraps)
	{
		*ordinal = (uint16) (DatumGetInt16(datum) - value->unique_low);
		return true;
	}
	if (!value->to_int(value, datum, &number) || number < value->unique_low ||
		number > value->unique_high)
		return false;
	/* a number between two counted values conflicts with neither, but count past it */
	*ordinal = (uint64) (number - value->unique_low) / value->unique_unit;
	return true;
}

/*
 * Let a value be no less than another one of the same row, whose random numbers it draws
 * again.  False if the two cannot be compared, or are no plain numbers.
 */
bool
rows_follow(RowsValue *value, const RowsValue *base, uint64 seed, int base_attnum)
{
	int scales[2];
	const RowsValue *values[] = {value, base};

	for (int i = 0; i < 2; i++)
	{
		/* a value of one of several partitions has no range of its own */
		bool plain = values[i]->make == make_number ||
					 (i == 1 && values[i]->from_int == NULL && values[i]->typbyval &&
					  rows_number_type(values[i]->type) != NULL);

		if (!plain || values[i]->domain != NULL)
			return false;
		switch (values[i]->type)
		{
			case DATEOID:
			case TIMESTAMPOID:
			case TIMESTAMPTZOID:
				scales[i] = -1;
				break;
			case TIMEOID:
				scales[i] = -2;
				break;
			case CASHOID:
				scales[i] = 2;
				break;
			case INT2OID:
			case INT4OID:
			case INT8OID:
			case FLOAT4OID:
			case FLOAT8OID:
			case NUMERICOID:
				scales[i] = values[i]->scale;
				if (values[i]->scale >= 0)
					break;
				return false;
			default:
				return false;
		}
	}
	if ((scales[0] < 0 || scales[1] < 0) && scales[0] != scales[1])
		return false;
	value->base = base;
	value->base_seed = seed;
	value->base_attnum = base_attnum;
	value->base_stream = rows_stream(seed, base_attnum, 0);
	value->base_multiplier = value->base_divisor = 1;
	value->base_shift = 0;
	if (scales[0] == -1)
	{
		value->base_multiplier = base->type == DATEOID && value->type != DATEOID ? USECS_PER_DAY : 1;
		value->base_divisor = base->type != DATEOID && value->type == DATEOID ? USECS_PER_DAY : 1;
		/* a date begins half a day later or earlier where the sun does */
		if ((base->type == DATEOID) != (value->type == DATEOID))
			value->base_shift = USECS_PER_DAY / 2;
	}
	for (int i = scales[1]; i < scales[0]; i++)
		value->base_multiplier *= 10;
	for (int i = scales[0]; i < scales[1]; i++)
		value->base_divisor *= 10;
	value->distribution = ROWS_AFTER;
	return true;
}

/* numeric(precision, scale) */
static void
init_numeric(RowsValue *value)
{
	int precision;
	int digits;
	int64 limit = 1;

	if (value->typmod < (int32) VARHDRSZ)
		return;
	precision = ((value->typmod - VARHDRSZ) >> 16) & 0xffff;
	value->scale = (((value->typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;

	digits = Min(precision, NUMERIC_DIGITS);
	for (int i = 0; i < digits; i++)
		limit *= 10;
	value->high = limit - 1;
	value->unique_high = limit - 1;
}

/* timestamp(2): steps of 0.01 seconds */
static void
init_precision(RowsValue *value)
{
	bool has_time = (value->type == TIMEOID || value->type == TIMETZOID ||
					 value->type == TIMESTAMPOID || value->type == TIMESTAMPTZOID);

	if (has_time && value->typmod >= 0)
	{
		for (int digits = value->typmod; digits < MAX_TIMESTAMP_PRECISION; digits++)
			value->unit *= 10;
		value->unique_unit = Max(value->unique_unit, value->unit);
	}
	/* interval(0) */
	if (value->type == INTERVALOID && value->typmod >= 0 &&
		INTERVAL_RANGE(value->typmod) == INTERVAL_FULL_RANGE)
		value->unique_unit = USECS_PER_SEC;
	/* interval year to month: not every number is a valid value */
	else if (value->type == INTERVALOID && value->typmod >= 0)
	{
		value->encode = NULL;
		value->decode = NULL;
	}
}

/* Restrict the ranges to the bounds. */
static void
apply_bounds(RowsValue *value, RowsBounds *bounds)
{
	int64 span = value->high - value->low;
	bool has_low = false;
	bool has_high = false;
	int64 low = 0;
	int64 high = 0;
	ListCell *cell;

	foreach (cell, bounds->lows)
	{
		RowsBound *bound = lfirst(cell);
		int64 number;
		bool exact;

		if (!rows_number_from_const(value, bound->constant, true, &number, &exact))
			continue;
		if (exact && bound->open && number < PG_INT64_MAX)
			number++;
		if (number > value->unique_high)
		{
			rows_no_value(value->type, bounds);
			return;
		}
		number = Max(number, rows_least_number(value));
		low = has_low ? Max(low, number) : number;
		has_low = true;
	}
	foreach (cell, bounds->highs)
	{
		RowsBound *bound = lfirst(cell);
		int64 number;
		bool exact;

		if (!rows_number_from_const(value, bound->constant, false, &number, &exact))
			continue;
		if (exact && bound->open && number > PG_INT64_MIN)
			number--;
		if (number < rows_least_number(value))
		{
			rows_no_value(value->type, bounds);
			return;
		}
		number = Min(number, value->unique_high);
		high = has_high ? Min(high, number) : number;
		has_high = true;
	}

	/* one bound only: keep the default width, within the limits of the type */
	if (has_low && !has_high)
	{
		high = (low > value->unique_high - span) ? value->unique_high : low + span;
		if (low <= value->low)
			high = Max(high, value->high);
		value->unique_low = low;
	}
	else if (has_high && !has_low)
	{
		low = (value->low <= high) ? value->low : high - span;
		value->unique_low = Min(low, value->unique_low);
		value->unique_high = Min(high, value->unique_high);
	}
	else if (has_low && has_high)
	{
		value->unique_low = low;
		value->unique_high = high;
	}
	if (has_low || has_high)
	{
		value->low = low;
		value->high = high;
	}

	/* whole units only, if timestamp(0) has a bound with a fraction */
	if (value->unit > 1)
	{
		int64 rest = value->low % value->unit;

		if (rest != 0)
			value->low += (rest > 0) ? value->unit - rest : -rest;
	}
	if (value->unique_unit > 1)
	{
		int64 rest = value->unique_low % value->unit;

		if (rest != 0)
			value->unique_low += (rest > 0) ? value->unit - rest : -rest;
		/* a narrow range is counted in steps of the smallest unit */
		if ((uint64) (value->unique_high - value->unique_low) / value->unique_unit < 1000000)
			value->unique_unit = value->unit;
	}

	if (value->low > value->high)
	{
		rows_no_value(value->type, bounds);
		return;
	}
	value->steps = (uint64) (value->high - value->low) / value->unit + 1;
	if (has_low || has_high)
		value->detail = pstrdup("range of its constraints");
}

/* The smallest number of the type. */
int64
rows_least_number(const RowsValue *value)
{
	switch (value->type)
	{
		case INT2OID:
			return PG_INT16_MIN;
		case INT4OID:
			return PG_INT32_MIN;
		case INT8OID:
		case CASHOID:
			return PG_INT64_MIN;
		case DATEOID:
			return DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return MIN_TIMESTAMP;
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
		case INTERVALOID:
			return -value->unique_high;
		default:
			return Min(value->low, value->unique_low);
	}
}
