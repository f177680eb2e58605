/*-------------------------------------------------------------------------
 *
 * apply_move.c
 *	  Makes a move of the search for a row (search.c): gives columns other values.
 *
 * Does not decide whether the row is better: search.c tries its conditions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/candidate.h"
#include "rows/write/apply_move.h"

static bool apply_expression(RowsSearch *search, RowsMove *move);
static void apply_nulls(RowsSearch *search, RowsCheck *check);
static void set_value(RowsSearch *search, RowsColumn *column);
static void set_null(RowsSearch *search, const RowsColumn *column);
static int64 some_distance(const RowsValue *value, RowsDraw *draw);

void
rows_keep_row(const RowsSearch *search, RowsCopy *copy)
{
	Size natts = search->maker->plan->natts;

	memcpy(copy->values, search->values, sizeof(Datum) * natts);
	memcpy(copy->isnull, search->isnull, sizeof(bool) * natts);
}

void
rows_restore_row(RowsSearch *search, const RowsCopy *copy)
{
	Size natts = search->maker->plan->natts;

	memcpy(search->values, copy->values, sizeof(Datum) * natts);
	memcpy(search->isnull, copy->isnull, sizeof(bool) * natts);
}

/* False: the move changes nothing. */
bool
rows_apply_move(RowsSearch *search, RowsCheck *check, RowsMove *move)
{
	switch (move->kind)
	{
		case ROWS_MOVE_NULL:
			if (search->isnull[move->column->attnum - 1])
				return false;
			set_null(search, move->column);
			return true;
		case ROWS_MOVE_NULLS:
			apply_nulls(search, check);
			return true;
		case ROWS_MOVE_DRAW:
			return rows_apply_value(search, move->column, move->column->value);
		case ROWS_MOVE_CANDIDATE:
			return rows_apply_value(search, move->column, move->value);
		case ROWS_MOVE_EXPRESSION:
		case ROWS_MOVE_NEAR:
			return apply_expression(search, move);
	}
	return false;
}

/* False: it cannot be made, and the column stays as it is. */
bool
rows_apply_value(RowsSearch *search, RowsColumn *column, RowsValue *value)
{
	if (!rows_make_in_trial(search->trial, value, &search->draw, &search->maker->arena,
							&search->values[column->attnum - 1]))
		return false;
	search->isnull[column->attnum - 1] = false;
	return true;
}

/* A value in place of a null: of a key, the one that the row began with. */
static void
set_value(RowsSearch *search, RowsColumn *column)
{
	int i = column->attnum - 1;

	if (column->kind == ROWS_COLUMN_RANDOM || column->kind == ROWS_COLUMN_FALLBACK)
	{
		(void) rows_apply_value(search, column, column->value);
		return;
	}
	search->values[i] = search->maker->first.values[i];
	search->isnull[i] = search->maker->first.isnull[i];
}

/* The value that the other columns give, or one near it. */
static bool
apply_expression(RowsSearch *search, RowsMove *move)
{
	const RowsValue *value = move->column->value;
	int i = move->column->attnum - 1;
	Datum datum;
	bool isnull;
	int64 number;
	uint64 ordinal;

	rows_set_trial(search->trial, search->values, search->isnull);
	search->evaluations++;
	if (!rows_compute(search->trial, move->state, &search->maker->arena, value->typbyval,
					  value->typlen, &datum, &isnull) ||
		isnull)
		return false;
	/* a foreign key refers to rows that are there */
	if (move->column->planned && (value->decode == NULL || !value->decode(value, datum, &ordinal)))
		return false;
	if (move->kind == ROWS_MOVE_NEAR)
	{
		if (!value->to_int(value, datum, &number))
			return false;
		datum = value->from_int(value,
								rows_clamp(value, number + some_distance(value, &search->draw)),
								&search->maker->arena);
	}
	search->values[i] = datum;
	search->isnull[i] = false;
	return true;
}

static int64
some_distance(const RowsValue *value, RowsDraw *draw)
{
	static const int64 times[] = {1, 1000000, INT64CONST(3600000000), INT64CONST(86400000000)};
	static const int64 numbers[] = {1, 3, 10, 100};
	uint64 i = rows_below(draw, lengthof(times));
	int64 distance = value->type == TIMESTAMPOID || value->type == TIMESTAMPTZOID ||
							 value->type == TIMEOID || value->type == INTERVALOID
						 ? times[i]
						 : numbers[i];

	if (distance > 1)
		distance = 1 + (int64) rows_below(draw, 10 * (uint64) distance);
	return (rows_draw(draw) & 1) ? distance : -distance;
}

/* One of the nullable columns has a value, or one has none, or all, or as it comes. */
static void
apply_nulls(RowsSearch *search, RowsCheck *check)
{
	int n = list_length(check->nullable);
	int one = (int) rows_below(&search->draw, n);
	int form = (int) rows_below(&search->draw, 8);
	ListCell *cell;

	foreach (cell, check->nullable)
	{
		RowsColumn *column = lfirst(cell);
		int i = foreach_current_index(cell);
		bool null;

		if (form < 3)
			null = (i != one);
		else if (form == 3)
			null = (i == one);
		else if (form == 4)
			null = true;
		else
			null = (rows_draw(&search->draw) & 1);
		if (null)
			set_null(search, column);
		else if (search->isnull[column->attnum - 1])
			set_value(search, column);
	}
}

/* The last resort for a condition of one column: null. */
bool
rows_apply_null(RowsSearch *search, RowsCheck *check)
{
	if (list_length(check->nullable) != 1 || bms_membership(check->attributes) != BMS_SINGLETON)
		return false;
	set_null(search, linitial(check->nullable));
	return true;
}

static void
set_null(RowsSearch *search, const RowsColumn *column)
{
	search->values[column->attnum - 1] = (Datum) 0;
	search->isnull[column->attnum - 1] = true;
}
