/*-------------------------------------------------------------------------
 *
 * apply_move.h
 *	  Moves of the search for a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef POC_ROWS_WRITE_APPLY_MOVE_H
#define POC_ROWS_WRITE_APPLY_MOVE_H

#include "base/random.h"
#include "rows/plan/moves.h"
#include "rows/plan/trial.h"
#include "rows/write/making.h"

/* The search for one row. */
typedef struct RowsSearch
{
	RowsMaker *maker;
	RowsTrial *trial;
	Datum *values;
	bool *isnull;
	RowsDraw draw;
	int evaluations;
	bool practises; /* counts which moves help */
	bool hopeless;	/* nothing can be changed about a condition that fails */
} RowsSearch;

/* Keep the row as it is now, and make it what was kept. */
extern void rows_keep_row(const RowsSearch *search, RowsCopy *copy);
extern void rows_restore_row(RowsSearch *search, const RowsCopy *copy);

/* False: the move changes nothing. */
extern bool rows_apply_move(RowsSearch *search, RowsCheck *check, RowsMove *move);

/* Draw a value for a column.  False: it cannot be made, and the column stays as it is. */
extern bool rows_apply_value(RowsSearch *search, RowsColumn *column, RowsValue *value);

/* The last resort for a condition of one column: null.  False: it has several, or takes none. */
extern bool rows_apply_null(RowsSearch *search, RowsCheck *check);

#endif /* POC_ROWS_WRITE_APPLY_MOVE_H */
