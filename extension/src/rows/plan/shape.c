/*-------------------------------------------------------------------------
 *
 * shape.c
 *	  Applies the options of a column to its values: distributions, weights,
 *	  prefixes, patterns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/options.h"
#include "rows/plan/steps.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

pg_noreturn static void refuse(const RowsColumnOptions *options, const RowsValue *value,
							   const char *option);
static void set_weights(RowsValue *value, const RowsColumnOptions *options);
static void set_step(RowsValue *value, const RowsColumnOptions *options);
static Datum make_prefixed(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* Shape a value whose generator already obeys the bounds of the options. */
void
rows_shape_value(RowsValue *value, const RowsColumnOptions *options)
{
	bool is_string = value->min_length > 0 || value->max_length > 0 || value->is_text ||
					 value->type == BPCHAROID;

	if ((options->min != NULL || options->max != NULL) && value->from_int == NULL)
		refuse(options, value, options->min != NULL ? "min" : "max");
	if (options->max_length >= 0 && (!is_string || value->type == BITOID || value->type == VARBITOID))
		refuse(options, value, "length");
	if (options->max_length >= 0 && value->nchoices == 0)
	{
		if (value->typmod >= (int32) VARHDRSZ && value->type != BYTEAOID &&
			options->max_length > value->typmod - VARHDRSZ)
			refuse(options, value, "length");
		value->min_length = options->min_length;
		value->max_length = options->max_length;
		value->detail = psprintf("%d to %d long", value->min_length, value->max_length);
	}

	if (options->values != NIL && value->nchoices > 0)
	{
		if (options->weights != NIL)
			set_weights(value, options);
		value->detail = psprintf("one of " UINT64_FORMAT " values of the options", value->nchoices);
	}
	if (options->pattern != NULL)
	{
		rows_require_readable(value->type, options->name);
		rows_init_pattern(value, options->pattern);
	}
	if (options->prefix != NULL)
	{
		if (!value->is_text || (value->typmod >= (int32) VARHDRSZ &&
								pg_mbstrlen(options->prefix) > value->typmod - VARHDRSZ))
			refuse(options, value, "prefix");
		value->prefix = options->prefix;
		value->prefix_length = pg_mbstrlen(options->prefix);
		value->prefixed = value->make;
		value->make = make_prefixed;
		value->encode = NULL;
	}
	if (options->distribution != ROWS_UNIFORM)
	{
		if (value->from_int == NULL && value->nchoices == 0)
			refuse(options, value, "distribution");
		if (options->distribution >= ROWS_SEQUENCE)
		{
			if (value->from_int == NULL)
				refuse(options, value, "distribution");
			set_step(value, options);
		}
		value->distribution = options->distribution;
	}
	else if (options->step != NULL)
		refuse(options, value, "step");
}

static void
refuse(const RowsColumnOptions *options, const RowsValue *value, const char *option)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s.%s\" does not suit type %s", options->name, option,
					format_type_with_typemod(value->type, value->typmod)),
			 errhint("min, max, step and distribution are for numbers and times, length and prefix for strings, "
					 "values, constant and pattern for every type.")));
}

static void
set_weights(RowsValue *value, const RowsColumnOptions *options)
{
	double sum = 0;
	double passed = 0;
	ListCell *cell;

	if (list_length(options->weights) != (int) value->nchoices)
		refuse(options, value, "values");
	foreach (cell, options->weights)
		sum += *(double *) lfirst(cell);
	if (!(sum > 0))
		refuse(options, value, "values");
	value->weights = palloc(sizeof(double) * value->nchoices);
	foreach (cell, options->weights)
	{
		passed += *(double *) lfirst(cell);
		value->weights[foreach_current_index(cell)] = passed / sum;
	}
	/* weighted values repeat, so they cannot be counted */
	value->encode = NULL;
}

/* Set the distance between consecutive rows. */
static void
set_step(RowsValue *value, const RowsColumnOptions *options)
{
	value->step = value->unique_unit;
	if (options->step == NULL)
		return;
	if (value->type == TIMESTAMPOID || value->type == TIMESTAMPTZOID || value->type == TIMEOID)
	{
		Interval *interval = DatumGetIntervalP(
			DirectFunctionCall3(interval_in, CStringGetDatum(options->step),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));

		value->step = ((int64) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY +
					  interval->time;
	}
	else
	{
		double step = DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(options->step)));

		for (int i = 0; i < value->scale; i++)
			step *= 10;
		if (!(fabs(step) < 1e18))
			refuse(options, value, "step");
		value->step = (int64) step;
	}
	if (value->step <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value of option \"%s.step\"", options->name),
				 errdetail("It must be positive, and not smaller than what the type can tell apart.")));
}

/* The length is in characters, and no character is cut. */
static Datum
make_prefixed(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	Datum rest = value->prefixed(value, draw, arena);
	struct varlena *text = (struct varlena *) DatumGetPointer(rest);
	int prefix = strlen(value->prefix);
	int length = (int) VARSIZE_ANY_EXHDR(text);
	struct varlena *result;

	/* the prefix itself fits; the rest gets the remaining length */
	if (value->typmod >= (int32) VARHDRSZ)
		length = pg_mbcharcliplen(VARDATA_ANY(text), length,
								  value->typmod - VARHDRSZ - value->prefix_length);
	result = rows_alloc(arena, prefix + length + VARHDRSZ);
	SET_VARSIZE(result, prefix + length + VARHDRSZ);
	memcpy(VARDATA(result), value->prefix, prefix);
	memcpy(VARDATA(result) + prefix, VARDATA_ANY(text), length);
	return PointerGetDatum(result);
}
