/*-------------------------------------------------------------------------
 *
 * balance.c
 *	  The search draws several columns of an equation again, and solves it for another.
 *
 * Where a + b + c + d = 100 and none may be negative, no change of one column helps if the
 * others are too large already.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/write/balance.h"
#include "rows/write/failed_checks.h"

#define MOST_DRAWS 24

/* A number is drawn up to so many times nearer to its lower end, as a power of 2. */
#define NEAREST 4

static RowsMove *some_solution(RowsSearch *search, RowsCheck *check);
static void draw_others(RowsSearch *search, RowsCheck *check, const RowsColumn *solved);
static void draw_nearer(RowsSearch *search, const RowsColumn *column);

/* Until the condition passes, and no more others fail than before.  False: the row is as it was. */
bool
rows_balance(RowsSearch *search, RowsCheck *check, int nfailed)
{
	RowsMaker *maker = search->maker;

	/* of two columns, the search has tried both */
	if (bms_num_members(check->attributes) < 3)
		return false;
	for (int i = 0; i < MOST_DRAWS; i++)
	{
		RowsMove *solution = some_solution(search, check);

		if (solution == NULL)
			return false;
		draw_others(search, check, solution->column);
		if (rows_apply_move(search, check, solution))
		{
			if (rows_row_passes(search, check) && rows_count_failed(search, NULL) <= nfailed)
				return true;
		}
		rows_restore_row(search, &maker->saved);
	}
	return false;
}

/* NULL: the condition can be solved for no column. */
static RowsMove *
some_solution(RowsSearch *search, RowsCheck *check)
{
	RowsMove *some = NULL;
	int n = 0;
	ListCell *cell;

	foreach (cell, check->moves)
	{
		RowsMove *move = lfirst(cell);

		if (move->kind == ROWS_MOVE_EXPRESSION && rows_below(&search->draw, ++n) == 0)
			some = move;
	}
	return some;
}

/* Some of the columns, each of which has several moves that draw it. */
static void
draw_others(RowsSearch *search, RowsCheck *check, const RowsColumn *solved)
{
	const RowsColumn *drawn = NULL;
	ListCell *cell;

	foreach (cell, check->moves)
	{
		RowsMove *move = lfirst(cell);

		if (move->kind != ROWS_MOVE_DRAW || move->column == solved || move->column == drawn)
			continue;
		drawn = move->column;
		if (rows_below(&search->draw, 3) != 0 && rows_apply_move(search, check, move))
			draw_nearer(search, drawn);
	}
}

static void
draw_nearer(RowsSearch *search, const RowsColumn *column)
{
	const RowsValue *value = column->value;
	int i = column->attnum - 1;
	int64 number;
	int64 least;

	if (value->from_int == NULL || value->to_int == NULL || value->nchoices > 0 || column->shaped ||
		column->planned || search->isnull[i] || !value->to_int(value, search->values[i], &number))
		return;
	least = Max(value->low, 0);
	if (number <= least)
		return;
	number = least + ((number - least) >> rows_below(&search->draw, NEAREST));
	search->values[i] = value->from_int(value, number - number % Max(value->unit, 1),
										&search->maker->arena);
}
