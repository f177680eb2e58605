/*-------------------------------------------------------------------------
 *
 * number_types.c
 *	  Types that map to integers: their ranges, and how each maps an int64
 *	  to a Datum and back.
 *
 * No setting, such as the time zone, may change the result: the same seed has
 * to give the same rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

/* 2015-01-01 in days since 2000-01-01: the first generated date ... */
#define FIRST_DAY 5479
/* ... and the ten years that the dates cover */
#define SPAN_OF_DAYS 3653
#define LAST_DAY	 (FIRST_DAY + SPAN_OF_DAYS - 1)

/* Decimal digits after the point of generated floating-point numbers. */
#define FLOAT4_SCALE 1
#define FLOAT8_SCALE 3
/* ... and of numeric without a declared scale */
#define NUMERIC_SCALE 2

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

/* An int64 by value, or in the arena if Datum has 32 bits. */
static Datum
int8_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
#ifdef USE_FLOAT8_BYVAL
	return Int64GetDatum(number);
#else
	int64 *result = rows_alloc(arena, sizeof(int64));

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
	double scaled = ceil((double) DatumGetFloat4(datum) * 10.0);

	if (isnan(scaled) || !FLOAT8_FITS_IN_INT64(scaled))
		return false;
	*number = (int64) scaled;
	return true;
}

static Datum
float8_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	float8 result = number / 1000.0;

#ifdef USE_FLOAT8_BYVAL
	return Float8GetDatum(result);
#else
	float8 *kept = rows_alloc(arena, sizeof(float8));

	*kept = result;
	return PointerGetDatum(kept);
#endif
}

static bool
float8_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	double scaled = ceil(DatumGetFloat8(datum) * 1000.0);

	if (isnan(scaled) || !FLOAT8_FITS_IN_INT64(scaled))
		return false;
	*number = (int64) scaled;
	return true;
}

static Datum
numeric_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	MemoryContext old = MemoryContextSwitchTo(arena->context);
	Numeric result;

	if (value->scale >= 0)
		result = int64_div_fast_to_numeric(number, value->scale);
	else
	{
		/* numeric(2,-3): multiples of 1000 */
		Datum power = DirectFunctionCall2(numeric_power, NumericGetDatum(int64_to_numeric(10)),
										  NumericGetDatum(int64_to_numeric(-value->scale)));
		Datum product = DirectFunctionCall2(numeric_mul, NumericGetDatum(int64_to_numeric(number)),
											power);

		result = DatumGetNumeric(DirectFunctionCall2(numeric_round, product, Int32GetDatum(0)));
	}
	MemoryContextSwitchTo(old);
	return NumericGetDatum(result);
}

static bool
numeric_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	Const constant = {.consttype = NUMERICOID, .constvalue = datum};
	bool exact;

	return rows_number_from_const(value, &constant, true, number, &exact);
}

static Datum
timetz_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	TimeTzADT *result = rows_alloc(arena, sizeof(TimeTzADT));

	result->time = number;
	result->zone = 0; /* UTC, whatever the settings are */
	return TimeTzADTPGetDatum(result);
}

static bool
timetz_to_int(const RowsValue *value, Datum datum, int64 *number)
{
	TimeTzADT *timetz = DatumGetTimeTzADTP(datum);

	*number = timetz->time + timetz->zone * USECS_PER_SEC;
	return true;
}

static Datum
interval_from_int(const RowsValue *value, int64 number, RowsArena *arena)
{
	Interval *result = rows_alloc(arena, sizeof(Interval));

	/* interval year to month: whole years */
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
	Interval *interval = DatumGetIntervalP(datum);
	double days = (double) interval->month * DAYS_PER_MONTH + interval->day;
	double microseconds = days * USECS_PER_DAY + interval->time;

	if (!FLOAT8_FITS_IN_INT64(microseconds))
		return false;
	*number = (int64) microseconds;
	return true;
}

#define TIMESTAMP_RANGE                                                           \
	(int64) FIRST_DAY *USECS_PER_DAY, (int64) (LAST_DAY + 1) * USECS_PER_DAY - 1, \
		(int64) FIRST_DAY *USECS_PER_DAY, END_TIMESTAMP - 1, USECS_PER_SEC

static const RowsNumberType number_types[] =
	{{BOOLOID, "boolean", 0, 1, 0, 1, 1, bool_from_int, bool_to_int},
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
	 {PG_LSNOID, "position", 0, INT64CONST(999999999999), 1, PG_INT64_MAX, 1, int8_from_int,
	  int8_to_int},
	 {FLOAT4OID, "float", 0, 999999, 10, INT64CONST(167772160), 10, float4_from_int, float4_to_int,
	  FLOAT4_SCALE},
	 {FLOAT8OID, "float", 0, INT64CONST(999999999), 1000, INT64CONST(9007199254740992), 1000,
	  float8_from_int, float8_to_int, FLOAT8_SCALE},
	 {NUMERICOID, "numeric", 0, 99999999, 1, INT64CONST(999999999999999999), 1, numeric_from_int,
	  numeric_to_int, NUMERIC_SCALE},
	 {CASHOID, "money", 0, 9999999, 1, PG_INT64_MAX, 1, int8_from_int, int8_to_int},
	 {DATEOID, "date", FIRST_DAY, LAST_DAY, FIRST_DAY, DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 1,
	  1, int4_from_int, int4_to_int},
	 {TIMEOID, "time", 0, USECS_PER_DAY - 1, 0, USECS_PER_DAY - 1, 1, int8_from_int, int8_to_int},
	 {TIMETZOID, "time", 0, USECS_PER_DAY - 1, 0, USECS_PER_DAY - 1, 1, timetz_from_int,
	  timetz_to_int},
	 {TIMESTAMPOID, "timestamp", TIMESTAMP_RANGE, int8_from_int, int8_to_int},
	 {TIMESTAMPTZOID, "timestamp", TIMESTAMP_RANGE, int8_from_int, int8_to_int},
	 {INTERVALOID, "interval", 0, 30 * USECS_PER_DAY, 0, 36500 * USECS_PER_DAY, USECS_PER_SEC,
	  interval_from_int, interval_to_int},
	 {InvalidOid, NULL, 0, 0, 0, 0, 0, NULL, NULL}};

/* Returns NULL for other types. */
const RowsNumberType *
rows_number_type(Oid type)
{
	for (const RowsNumberType *found = number_types; found->type != InvalidOid; found++)
	{
		if (found->type == type)
			return found;
	}
	return NULL;
}
