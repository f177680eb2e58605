/*-------------------------------------------------------------------------
 *
 * choose_parent.c
 *	  The row that a new row refers to by a foreign key, or none.
 *
 * Draws a number among the candidates that rows/plan/foreign.c has read; runs
 * for each row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"

#include "base/random.h"
#include "rows/write/choose_parent.h"
#include "rows/write/making.h"

uint64
rows_choose_parent(RowsPlan *plan, RowsForeign *foreign, uint64 row, int attempt)
{
	RowsDraw draw;

	if (foreign->counting != NULL && !rows_is_outside(foreign->counting->counted, row))
		return rows_counted_part(foreign->counting, row, attempt);
	rows_draw_start(&draw,
					likely(attempt == 0)
						? foreign->stream
						: rows_stream(plan->seed, MaxHeapAttributeNumber + foreign->number, attempt),
					row);
	return rows_below(&draw, foreign->nparents);
}

bool
rows_refers_to_none(RowsPlan *plan, RowsColumn *column, uint64 row, int attempt)
{
	RowsDraw draw;

	rows_draw_start(&draw,
					rows_stream(plan->seed, 3 * MaxHeapAttributeNumber + column->foreign->number,
								attempt),
					row);
	return rows_unit(&draw) < column->null_below;
}
