/*-------------------------------------------------------------------------
 *
 * number_constant.c
 *	  Converts a constant of a CHECK or an option to the integer that
 *	  represents it in a number type.
 *
 * A rounded result must not be reported as exact.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

static bool number_to_int64(Datum number, int64 *result);

/*
 * Convert a constant to the scale of a value.  A constant between two numbers
 * is rounded up or down, and *exact is then false.  Returns false if the
 * constant cannot be compared with the type.
 */
bool
rows_number_from_const(const RowsValue *value, const Const *constant, bool round_up, int64 *number,
					   bool *exact)
{
	Datum datum = constant->constvalue;
	Datum scaled;
	Datum rounded;

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
		Datum power = DirectFunctionCall2(numeric_power, NumericGetDatum(int64_to_numeric(10)),
										  NumericGetDatum(int64_to_numeric(abs(value->scale))));

		scaled = DirectFunctionCall2(value->scale > 0 ? numeric_mul : numeric_div, datum, power);
	}
	rounded = DirectFunctionCall1(round_up ? numeric_ceil : numeric_floor, scaled);
	*exact = DatumGetBool(DirectFunctionCall2(numeric_eq, rounded, scaled));
	return number_to_int64(rounded, number);
}

/* Convert an integral numeric to int64, clamped to its limits. */
static bool
number_to_int64(Datum number, int64 *result)
{
	Datum least = NumericGetDatum(int64_to_numeric(PG_INT64_MIN));
	Datum most = NumericGetDatum(int64_to_numeric(PG_INT64_MAX));

	if (DatumGetBool(DirectFunctionCall2(numeric_le, number, least)))
		*result = PG_INT64_MIN;
	else if (DatumGetBool(DirectFunctionCall2(numeric_ge, number, most)))
		*result = PG_INT64_MAX;
	else
		*result = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
	return true;
}
