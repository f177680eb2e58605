/*-------------------------------------------------------------------------
 *
 * distribution.c
 *	  Random numbers of a range: uniform or not, or after another one of the row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

static uint64 draw_after(const RowsValue *value, RowsDraw *draw, uint64 limit);

/* A non-uniform number in [0, limit). */
uint64
rows_distributed(const RowsValue *value, RowsDraw *draw, uint64 limit)
{
	switch (value->distribution)
	{
		case ROWS_NORMAL:
		{
			/* sum of twelve uniform numbers; 92 % are in the middle half */
			double sum = 0;

			for (int i = 0; i < 12; i++)
				sum += rows_unit(draw);
			return Min((uint64) (sum / 12.0 * (double) limit), limit - 1);
		}
		case ROWS_ZIPF:
		{
			/* density 1/k, by the inverse of its integral */
			double rank = exp(rows_unit(draw) * log((double) limit + 1.0));

			return Min((uint64) rank - 1, limit - 1);
		}
		case ROWS_SEQUENCE:
			return (draw->row * (uint64) (value->step / value->unit)) % limit;
		case ROWS_SERIES:
		{
			uint64 step = Max(value->step / value->unit, 1);

			return (draw->row * step + rows_below(draw, step)) % limit;
		}
		case ROWS_RECENT:
		{
			/* a quarter of the numbers are in the last sixteenth */
			double age = rows_unit(draw);

			return limit - 1 - Min((uint64) (age * age * (double) limit), limit - 1);
		}
		case ROWS_AFTER:
			return draw_after(value, draw, limit);
		default:
			return rows_below(draw, limit);
	}
}

/* The other value is drawn again, from its own random numbers: nothing is remembered of the row. */
static uint64
draw_after(const RowsValue *value, RowsDraw *draw, uint64 limit)
{
	const RowsValue *base = value->base;
	RowsDraw again;
	int64 number;
	uint64 first;
	uint64 span;

	rows_draw_start(&again,
					likely(draw->attempt == 0)
						? value->base_stream
						: rows_stream(value->base_seed, value->base_attnum, draw->attempt),
					draw->row);
	again.attempt = draw->attempt;
	if (base->null_fraction > 0)
		(void) rows_unit(&again);
	if (likely(base->from_int != NULL))
		number = rows_draw_number(base, &again);
	else if (!rows_number_type(base->type)->to_int(base, base->make(base, &again, NULL), &number))
		return rows_below(draw, limit);

	/* in our unit, rounded up */
	if (pg_mul_s64_overflow(number, value->base_multiplier, &number) ||
		pg_add_s64_overflow(number, value->base_shift, &number))
		return rows_below(draw, limit);
	if (value->base_divisor > 1)
		number = number / value->base_divisor + (number % value->base_divisor > 0);
	if (number < value->low)
		return rows_below(draw, limit);

	/* above it, where there is room */
	first = (uint64) (number - value->low) / value->unit + 1;
	if (first >= limit && !value->base_opens)
		return limit - 1;
	span = first < limit ? limit - first : limit;
	if (value->base_span > 0)
		span = Min(span, Max((uint64) (value->base_span / value->unit), 1));
	if (value->base_percent > 0 && number > 0)
		span = Min(span, Max((uint64) (number / 100 + 1) * value->base_percent / value->unit, 1));
	return first + rows_below(draw, span);
}
