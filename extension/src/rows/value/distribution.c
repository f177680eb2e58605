/*-------------------------------------------------------------------------
 *
 * distribution.c
 *	  Non-uniform random numbers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

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
		default:
			return rows_below(draw, limit);
	}
}
