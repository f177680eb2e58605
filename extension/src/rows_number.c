/*-------------------------------------------------------------------------
 *
 * rows_number.c
 *	  Values of the types that are integers in disguise: numbers, money, dates
 *	  and times, positions in the WAL.
 *
 * Each such type maps an int64 to a Datum and back, so that ranges, counting
 * and distributions are written once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/cash.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "rows_value.h"

/* 2015-01-01, counted from 2000-01-01: where made-up dates begin ... */
#define FIRST_DAY			5479
/* ... and the ten years they span */
#define SPAN_OF_DAYS		3653
#define LAST_DAY			(FIRST_DAY + SPAN_OF_DAYS - 1)

/* Digits after the point that made-up floating-point numbers have. */
#define FLOAT4_SCALE		1
#define FLOAT8_SCALE		3
/* ... and numeric, when it is declared without a scale */
#define NUMERIC_SCALE		2

/* numeric(p): at most this many digits are made, to stay within an int64 */
#define NUMERIC_DIGITS		18

typedef struct NumberType
{
	Oid			type;
	const char *name;
	int64		low;			/* range of the random values */
	int64		high;
	int64		unique_low;		/* range of the unique ones */
	int64		unique_high;
	int64		unique_unit;
	RowsFromInt from_int;
	RowsToInt	to_int;
} NumberType;

static Datum make_number(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_number(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_number(const RowsValue *value, Datum datum, uint64 *ordinal);
static void init_numeric(RowsValue *value);
static void init_precision(RowsValue *value);
static void apply_bounds(RowsValue *value, RowsBounds *bounds);
static int64 least_number(const RowsValue *value);
static bool number_to_int64(Datum number, int64 *result);

/* ---- the types ---- */

static Datum
bool_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	return BoolGetDatum(number != 0);
}

static bool
bool_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	*number = DatumGetBool(datum) ? 1 : 0;
	return true;
}

static Datum
char_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	return CharGetDatum((char) number);
}

static bool
char_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	*number = (unsigned char) DatumGetChar(datum);
	return true;
}

static Datum
int2_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	return Int16GetDatum((int16) number);
}

static bool
int2_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	*number = DatumGetInt16(datum);
	return true;
}

static Datum
int4_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	return Int32GetDatum((int32) number);
}

static bool
int4_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	*number = DatumGetInt32(datum);
	return true;
}

/* An int64 by value, or in the arena where Datum has 32 bits. */
static Datum
int8_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
#ifdef USE_FLOAT8_BYVAL
	return Int64GetDatum(number);
#else
	int64	   *result = rows_alloc(arena, sizeof(int64));

	*result = number;
	return PointerGetDatum(result);
#endif
}

static bool
int8_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	*number = DatumGetInt64(datum);
	return true;
}

static Datum
oid_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	return ObjectIdGetDatum((Oid) number);
}

static bool
oid_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	*number = DatumGetObjectId(datum);
	return true;
}

static Datum
float4_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	return Float4GetDatum((float4) (number / 10.0));
}

static bool
float4_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	double		scaled = ceil((double) DatumGetFloat4(datum) * 10.0);

	if (isnan(scaled) || !FLOAT8_FITS_IN_INT64(scaled))
		return false;
	*number = (int64) scaled;
	return true;
}

static Datum
float8_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	float8		result = number / 1000.0;

#ifdef USE_FLOAT8_BYVAL
	return Float8GetDatum(result);
#else
	float8	   *kept = rows_alloc(arena, sizeof(float8));

	*kept = result;
	return PointerGetDatum(kept);
#endif
}

static bool
float8_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	double		scaled = ceil(DatumGetFloat8(datum) * 1000.0);

	if (isnan(scaled) || !FLOAT8_FITS_IN_INT64(scaled))
		return false;
	*number = (int64) scaled;
	return true;
}

static Datum
numeric_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	MemoryContext old = MemoryContextSwitchTo(arena->context);
	Numeric		result;

	if (value->scale >= 0)
		result = int64_div_fast_to_numeric(number, value->scale);
	else
	{
		/* numeric(2,-3): thousands */
		Datum		power = DirectFunctionCall2(numeric_power,
												NumericGetDatum(int64_to_numeric(10)),
												NumericGetDatum(int64_to_numeric(-value->scale)));
		Datum		product = DirectFunctionCall2(numeric_mul,
												  NumericGetDatum(int64_to_numeric(number)), power);

		result = DatumGetNumeric(DirectFunctionCall2(numeric_round, product, Int32GetDatum(0)));
	}
	MemoryContextSwitchTo(old);
	return NumericGetDatum(result);
}

static bool
numeric_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	Const		constant = {.consttype = NUMERICOID, .constvalue = datum};
	bool		exact;

	return rows_number_from_const(value, &constant, true, number, &exact);
}

static Datum
timetz_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	TimeTzADT  *result = rows_alloc(arena, sizeof(TimeTzADT));

	result->time = number;
	result->zone = 0;			/* UTC: no setting may change it */
	return TimeTzADTPGetDatum(result);
}

static bool
timetz_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	TimeTzADT  *timetz = DatumGetTimeTzADTP(datum);

	*number = timetz->time + timetz->zone * USECS_PER_SEC;
	return true;
}

static Datum
interval_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	Interval   *result = rows_alloc(arena, sizeof(Interval));

	/* interval year to month: a number of years */
	if (value->typmod >= 0 && (INTERVAL_RANGE(value->typmod) & INTERVAL_MASK(SECOND)) == 0 &&
		(INTERVAL_RANGE(value->typmod) & (INTERVAL_MASK(YEAR) | INTERVAL_MASK(MONTH))) != 0)
	{
		result->month = (int32) (number / USECS_PER_DAY) * MONTHS_PER_YEAR;
		result->day = 0;
		result->time = 0;
		return IntervalPGetDatum(result);
	}

	result->month = 0;
	result->day = (int32) (number / USECS_PER_DAY);
	result->time = number % USECS_PER_DAY;
	if (value->typmod >= 0)
	{
		MemoryContext old = MemoryContextSwitchTo(arena->context);

		result = DatumGetIntervalP(DirectFunctionCall2(interval_scale, IntervalPGetDatum(result),
													   Int32GetDatum(value->typmod)));
		MemoryContextSwitchTo(old);
	}
	return IntervalPGetDatum(result);
}

static bool
interval_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	Interval   *interval = DatumGetIntervalP(datum);
	double		days = (double) interval->month * DAYS_PER_MONTH + interval->day;
	double		microseconds = days * USECS_PER_DAY + interval->time;

	if (!FLOAT8_FITS_IN_INT64(microseconds))
		return false;
	*number = (int64) microseconds;
	return true;
}

#define TIMESTAMP_RANGE \
	(int64) FIRST_DAY * USECS_PER_DAY, (int64) (LAST_DAY + 1) * USECS_PER_DAY - 1, \
	(int64) FIRST_DAY * USECS_PER_DAY, END_TIMESTAMP - 1, USECS_PER_SEC

static const NumberType number_types[] =
{
	{BOOLOID, "boolean", 0, 1, 0, 1, 1, bool_from_int, bool_to_int},
	{CHAROID, "letter", 'a', 'z', '!', '~', 1, char_from_int, char_to_int},
	{INT2OID, "integer", 0, PG_INT16_MAX, 1, PG_INT16_MAX, 1, int2_from_int, int2_to_int},
	{INT4OID, "integer", 0, 999999, 1, PG_INT32_MAX, 1, int4_from_int, int4_to_int},
	{INT8OID, "integer", 0, INT64CONST(999999999999), 1, PG_INT64_MAX, 1, int8_from_int, int8_to_int},
	{OIDOID, "integer", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGPROCOID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGPROCEDUREOID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGOPEROID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGOPERATOROID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGCLASSOID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGCOLLATIONOID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGTYPEOID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGROLEOID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGNAMESPACEOID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGCONFIGOID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{REGDICTIONARYOID, "oid", 1, 999999, 1, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{XIDOID, "integer", 3, 999999, 3, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{CIDOID, "integer", 0, 999999, 0, PG_UINT32_MAX, 1, oid_from_int, oid_to_int},
	{XID8OID, "integer", 3, INT64CONST(999999999999), 3, PG_INT64_MAX, 1, int8_from_int, int8_to_int},
	{PG_LSNOID, "position", 0, INT64CONST(999999999999), 1, PG_INT64_MAX, 1, int8_from_int, int8_to_int},
	{FLOAT4OID, "float", 0, 999999, 10, INT64CONST(167772160), 10, float4_from_int, float4_to_int},
	{FLOAT8OID, "float", 0, INT64CONST(999999999), 1000, INT64CONST(9007199254740992), 1000, float8_from_int, float8_to_int},
	{NUMERICOID, "numeric", 0, 99999999, 1, INT64CONST(999999999999999999), 1, numeric_from_int, numeric_to_int},
	{CASHOID, "money", 0, 9999999, 1, PG_INT64_MAX, 1, int8_from_int, int8_to_int},
	{DATEOID, "date", FIRST_DAY, LAST_DAY, FIRST_DAY, DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 1, 1, int4_from_int, int4_to_int},
	{TIMEOID, "time", 0, USECS_PER_DAY - 1, 0, USECS_PER_DAY - 1, 1, int8_from_int, int8_to_int},
	{TIMETZOID, "time", 0, USECS_PER_DAY - 1, 0, USECS_PER_DAY - 1, 1, timetz_from_int, timetz_to_int},
	{TIMESTAMPOID, "timestamp", TIMESTAMP_RANGE, int8_from_int, int8_to_int},
	{TIMESTAMPTZOID, "timestamp", TIMESTAMP_RANGE, int8_from_int, int8_to_int},
	{INTERVALOID, "interval", 0, 30 * USECS_PER_DAY, 0, 36500 * USECS_PER_DAY, USECS_PER_SEC, interval_from_int, interval_to_int},
	{InvalidOid, NULL, 0, 0, 0, 0, 0, NULL, NULL}
};

/* Fill in a value of one of those types; false when it is of another. */
bool
rows_init_number(RowsValue *value, RowsBounds *bounds)
{
	const NumberType *type = number_types;

	while (type->type != value->type)
	{
		if (type->type == InvalidOid)
			return false;
		type++;
	}

	value->name = type->name;
	value->low = type->low;
	value->high = type->high;
	value->unique_low = type->unique_low;
	value->unique_high = type->unique_high;
	value->unique_unit = type->unique_unit;
	value->from_int = type->from_int;
	value->to_int = type->to_int;
	value->make = make_number;
	value->encode = encode_number;
	value->decode = decode_number;

	if (value->type == NUMERICOID)
		init_numeric(value);
	else if (value->type == FLOAT4OID)
		value->scale = FLOAT4_SCALE;
	else if (value->type == FLOAT8OID)
		value->scale = FLOAT8_SCALE;
	init_precision(value);
	apply_bounds(value, bounds);

	value->capacity = (uint64) (value->unique_high - value->unique_low) / value->unique_unit + 1;
	return true;
}

static Datum
make_number(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	uint64		number = likely(value->distribution == ROWS_UNIFORM) ?
		rows_below(draw, value->steps) : rows_distributed(value, draw, value->steps);

	return value->from_int(value, value->low + (int64) number * value->unit, arena);
}

static Datum
encode_number(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	return value->from_int(value, value->unique_low + (int64) ordinal * value->unique_unit, arena);
}

static bool
decode_number(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	int64		number;

	if (!value->to_int(value, datum, &number) ||
		number < value->unique_low || number > value->unique_high)
		return false;
	/* a number between two of ours blocks neither, but count past it */
	*ordinal = (uint64) (number - value->unique_low) / value->unique_unit;
	return true;
}

/* numeric(precision, scale) */
static void
init_numeric(RowsValue *value)
{
	int			precision;
	int			digits;
	int64		limit = 1;

	if (value->typmod < (int32) VARHDRSZ)
	{
		value->scale = NUMERIC_SCALE;
		return;
	}
	precision = ((value->typmod - VARHDRSZ) >> 16) & 0xffff;
	value->scale = (((value->typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;

	digits = Min(precision, NUMERIC_DIGITS);
	for (int i = 0; i < digits; i++)
		limit *= 10;
	value->high = limit - 1;
	value->unique_high = limit - 1;
}

/* timestamp(2): hundredths of a second */
static void
init_precision(RowsValue *value)
{
	bool		has_time = (value->type == TIMEOID || value->type == TIMETZOID ||
							value->type == TIMESTAMPOID || value->type == TIMESTAMPTZOID);

	if (has_time && value->typmod >= 0)
	{
		for (int digits = value->typmod; digits < MAX_TIMESTAMP_PRECISION; digits++)
			value->unit *= 10;
		value->unique_unit = Max(value->unique_unit, value->unit);
	}
	/* interval(0), interval year to month: not every number is a value */
	if (value->type == INTERVALOID && value->typmod >= 0)
	{
		value->encode = NULL;
		value->decode = NULL;
	}
}

/* Narrow the ranges to what the bounds allow. */
static void
apply_bounds(RowsValue *value, RowsBounds *bounds)
{
	int64		span = value->high - value->low;
	bool		has_low = false;
	bool		has_high = false;
	int64		low = 0;
	int64		high = 0;
	ListCell   *cell;

	foreach(cell, bounds->lows)
	{
		RowsBound  *bound = lfirst(cell);
		int64		number;
		bool		exact;

		if (!rows_number_from_const(value, bound->constant, true, &number, &exact))
			continue;
		if (exact && bound->open && number < PG_INT64_MAX)
			number++;
		if (number > value->unique_high)
		{
			rows_no_value(value->type, bounds);
			return;
		}
		number = Max(number, least_number(value));
		low = has_low ? Max(low, number) : number;
		has_low = true;
	}
	foreach(cell, bounds->highs)
	{
		RowsBound  *bound = lfirst(cell);
		int64		number;
		bool		exact;

		if (!rows_number_from_const(value, bound->constant, false, &number, &exact))
			continue;
		if (exact && bound->open && number > PG_INT64_MIN)
			number--;
		if (number < least_number(value))
		{
			rows_no_value(value->type, bounds);
			return;
		}
		number = Min(number, value->unique_high);
		high = has_high ? Min(high, number) : number;
		has_high = true;
	}

	/* one-sided: keep the usual width, within what the type can hold */
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

	/* whole units only: timestamp(0) between two fractions of a second */
	if (value->unit > 1)
	{
		int64		rest = value->low % value->unit;

		if (rest != 0)
			value->low += (rest > 0) ? value->unit - rest : -rest;
	}
	if (value->unique_unit > 1)
	{
		int64		rest = value->unique_low % value->unit;

		if (rest != 0)
			value->unique_low += (rest > 0) ? value->unit - rest : -rest;
		/* a narrow range is counted in its smallest steps */
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

/* The least number that the type can hold. */
static int64
least_number(const RowsValue *value)
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

/*
 * Bring a constant to the scale of a value.  What lies between two numbers is
 * rounded up or down, and then is not exact.  False when the constant cannot
 * be compared with the type.
 */
bool
rows_number_from_const(const RowsValue *value, const Const *constant,
					   bool round_up, int64 *number, bool *exact)
{
	Datum		datum = constant->constvalue;
	Datum		scaled;
	Datum		rounded;

	*exact = true;
	if (constant->constisnull)
		return false;
	if (constant->consttype == value->type && value->type != NUMERICOID &&
		value->type != FLOAT4OID && value->type != FLOAT8OID)
		return value->to_int(value, datum, number);

	switch (value->type)
	{
		case DATEOID:
			if (constant->consttype == TIMESTAMPOID)
				*number = DatumGetDateADT(DirectFunctionCall1(timestamp_date, datum));
			else if (constant->consttype == TIMESTAMPTZOID)
				*number = DatumGetDateADT(DirectFunctionCall1(timestamptz_date, datum));
			else
				return false;
			*exact = false;
			return true;
		case TIMESTAMPOID:
			if (constant->consttype == DATEOID)
				*number = DatumGetTimestamp(DirectFunctionCall1(date_timestamp, datum));
			else if (constant->consttype == TIMESTAMPTZOID)
				*number = DatumGetTimestamp(DirectFunctionCall1(timestamptz_timestamp, datum));
			else
				return false;
			return true;
		case TIMESTAMPTZOID:
			if (constant->consttype == DATEOID)
				*number = DatumGetTimestampTz(DirectFunctionCall1(date_timestamptz, datum));
			else if (constant->consttype == TIMESTAMPOID)
				*number = DatumGetTimestampTz(DirectFunctionCall1(timestamp_timestamptz, datum));
			else
				return false;
			return true;
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			break;
		default:
			return false;
	}

	switch (constant->consttype)
	{
		case INT2OID:
			datum = NumericGetDatum(int64_to_numeric(DatumGetInt16(datum)));
			break;
		case INT4OID:
			datum = NumericGetDatum(int64_to_numeric(DatumGetInt32(datum)));
			break;
		case INT8OID:
			datum = NumericGetDatum(int64_to_numeric(DatumGetInt64(datum)));
			break;
		case OIDOID:
			datum = NumericGetDatum(int64_to_numeric(DatumGetObjectId(datum)));
			break;
		case FLOAT4OID:
			datum = DirectFunctionCall1(float4_numeric, datum);
			break;
		case FLOAT8OID:
			datum = DirectFunctionCall1(float8_numeric, datum);
			break;
		case NUMERICOID:
			break;
		default:
			return false;
	}
	if (numeric_is_nan(DatumGetNumeric(datum)) || numeric_is_inf(DatumGetNumeric(datum)))
		return false;

	scaled = datum;
	if (value->scale != 0)
	{
		Datum		power = DirectFunctionCall2(numeric_power,
												NumericGetDatum(int64_to_numeric(10)),
												NumericGetDatum(int64_to_numeric(abs(value->scale))));

		scaled = DirectFunctionCall2(value->scale > 0 ? numeric_mul : numeric_div, datum, power);
	}
	rounded = DirectFunctionCall1(round_up ? numeric_ceil : numeric_floor, scaled);
	*exact = DatumGetBool(DirectFunctionCall2(numeric_eq, rounded, scaled));
	return number_to_int64(rounded, number);
}

/* A whole numeric as int64, cut to its limits. */
static bool
number_to_int64(Datum number, int64 *result)
{
	Datum		least = NumericGetDatum(int64_to_numeric(PG_INT64_MIN));
	Datum		most = NumericGetDatum(int64_to_numeric(PG_INT64_MAX));

	if (DatumGetBool(DirectFunctionCall2(numeric_le, number, least)))
		*result = PG_INT64_MIN;
	else if (DatumGetBool(DirectFunctionCall2(numeric_ge, number, most)))
		*result = PG_INT64_MAX;
	else
		*result = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
	return true;
}
