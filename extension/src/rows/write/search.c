/*-------------------------------------------------------------------------
 *
 * search.c
 *	  The search for values with which a row satisfies its conditions: local search over
 *	  the moves that the conditions suggest (rows/plan/moves.c).
 *
 * The result depends on the seed and the number of the row only: nothing may be
 * remembered from one row to the next.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/moves.h"
#include "rows/plan/trial.h"
#include "rows/value/candidate.h"
#include "rows/write/search.h"

/* Conditions evaluated before the search starts again from another row. */
#define MOST_EVALUATIONS 600

/* Rows that show which moves help, and how many of those are tried first. */
#define PRACTICE_ROWS  32
#define FAVOURED_MOVES 6

/* The stream of the search: no column has this number. */
#define SEARCH_STREAM (MaxHeapAttributeNumber + 4000)

typedef struct Search
{
	RowsMaker *maker;
	RowsTrial *trial;
	Datum *values;
	bool *isnull;
	RowsDraw draw;
	int evaluations;
	bool practises; /* counts which moves help */
} Search;

static void prepare(RowsMaker *maker);
static int count_failed(Search *search, RowsCheck **failed);
static void practise(RowsMaker *maker);
static bool mend(Search *search, RowsCheck **failed);
static bool make_null(Search *search, RowsCheck *check);
static RowsMove *favourite(Search *search, RowsCheck *check);
static bool improve(Search *search, RowsCheck *check, int *nfailed);
static void wander(Search *search, RowsCheck *check);
static bool apply(Search *search, RowsCheck *check, RowsMove *move);
static bool apply_expression(Search *search, RowsMove *move);
static void apply_nulls(Search *search, RowsCheck *check);
static bool draw_value(Search *search, RowsColumn *column, RowsValue *value);
static void set_value(Search *search, RowsColumn *column);
static int64 some_distance(const RowsValue *value, RowsDraw *draw);

/* Change values until all conditions pass.  False: not found; *failed rejected the last row. */
bool
rows_search(RowsMaker *maker, uint64 row, int attempt, Datum *values, bool *isnull, RowsCheck **failed)
{
	Search search = {.maker = maker, .trial = maker->trial, .values = values, .isnull = isnull};

	if (maker->nchecks == 0)
	{
		rows_end_trial(maker->trial);
		prepare(maker);
		practise(maker);
	}
	rows_draw_start(&search.draw, rows_stream(maker->plan->seed, SEARCH_STREAM, attempt), row);
	return mend(&search, failed);
}

static bool
mend(Search *search, RowsCheck **failed)
{
	RowsMaker *maker = search->maker;
	int nfailed;

	memcpy(maker->first_values, search->values, sizeof(Datum) * maker->plan->natts);
	memcpy(maker->first_isnull, search->isnull, sizeof(bool) * maker->plan->natts);
	rows_catch_in_trial(search->trial, true);
	nfailed = count_failed(search, failed);
	while (nfailed > 0 && search->evaluations < MOST_EVALUATIONS && (*failed)->moves != NIL)
	{
		CHECK_FOR_INTERRUPTS();
		if (!improve(search, *failed, &nfailed))
			wander(search, *failed);
		nfailed = count_failed(search, failed);
	}
	return nfailed == 0;
}

/* Plan the moves, when the first row needs them. */
static void
prepare(RowsMaker *maker)
{
	RowsPlan *plan = maker->plan;
	MemoryContext old = MemoryContextSwitchTo(maker->estate->es_query_cxt);
	ListCell *cell;

	if (!plan->searched)
		rows_plan_moves(plan);
	maker->checks = palloc(sizeof(RowsCheck *) *
						   (list_length(plan->checks) + list_length(plan->search_checks)));
	foreach (cell, plan->checks)
		maker->checks[maker->nchecks++] = lfirst(cell);
	foreach (cell, plan->search_checks)
	{
		RowsCheck *check = lfirst(cell);

		check->state = ExecPrepareExpr(check->expr, maker->estate);
		maker->checks[maker->nchecks++] = check;
	}
	for (int i = 0; i < maker->nchecks; i++)
	{
		foreach (cell, maker->checks[i]->moves)
		{
			RowsMove *move = lfirst(cell);

			/* not ExecPrepareExpr(): its constant parts may raise errors */
			if (move->expr != NULL)
				move->state = ExecInitExpr(move->expr, NULL);
		}
	}
	maker->first_values = palloc(sizeof(Datum) * plan->natts);
	maker->first_isnull = palloc(sizeof(bool) * plan->natts);
	maker->saved_values = palloc(sizeof(Datum) * plan->natts);
	maker->saved_isnull = palloc(sizeof(bool) * plan->natts);
	MemoryContextSwitchTo(old);
}

/*
 * Find out which moves help, on rows that are not written.  They depend on the seed only,
 * so that each worker finds out the same.
 */
static void
practise(RowsMaker *maker)
{
	RowsPlan *plan = maker->plan;
	Datum *values = palloc0(sizeof(Datum) * plan->natts);
	bool *isnull = palloc0(sizeof(bool) * plan->natts);

	for (uint64 row = 0; row < PRACTICE_ROWS; row++)
	{
		Search search = {.maker = maker,
						 .trial = maker->trial,
						 .values = values,
						 .isnull = isnull,
						 .practises = true};
		RowsCheck *failed = NULL;

		rows_draw_start(&search.draw, rows_stream(plan->seed, SEARCH_STREAM + 1, 0), row);
		for (int i = 0; i < plan->natts; i++)
		{
			RowsColumn *column = &plan->columns[i];

			isnull[i] = true;
			values[i] = (Datum) 0;
			if (column->kind == ROWS_COLUMN_KEY)
			{
				values[i] = column->value->encode(column->value,
												  row / column->divisor % Max(column->radix, 1),
												  &search.draw, &maker->arena);
				isnull[i] = false;
			}
			else if ((column->kind == ROWS_COLUMN_RANDOM && !column->promised) ||
					 column->kind == ROWS_COLUMN_FALLBACK)
				(void) draw_value(&search, column, column->value);
		}
		(void) mend(&search, &failed);
	}
	for (int i = 0; i < maker->nchecks; i++)
	{
		RowsCheck *check = maker->checks[i];
		ListCell *cell;

		foreach (cell, check->moves)
		{
			RowsMove *move = lfirst(cell);

			if (move->tries > 0)
				move->weight = 1000 * move->hits / move->tries;
			check->weight += move->weight;
		}
	}
	pfree(values);
	pfree(isnull);
}

/* How many conditions reject the row?  *failed becomes one of them. */
static int
count_failed(Search *search, RowsCheck **failed)
{
	RowsMaker *maker = search->maker;
	int nfailed = 0;

	rows_set_trial(search->trial, search->values, search->isnull);
	for (int i = 0; i < maker->nchecks; i++)
	{
		RowsUnique *outside = maker->checks[i]->outside;

		if (outside != NULL && !search->practises && !rows_is_outside(outside, maker->row))
			continue;
		search->evaluations++;
		if (rows_passes(search->trial, maker->checks[i]->state))
			continue;
		nfailed++;
		if (failed != NULL && (nfailed == 1 || rows_below(&search->draw, nfailed) == 0))
			*failed = maker->checks[i];
	}
	return nfailed;
}

static void
save(Search *search)
{
	RowsMaker *maker = search->maker;

	memcpy(maker->saved_values, search->values, sizeof(Datum) * maker->plan->natts);
	memcpy(maker->saved_isnull, search->isnull, sizeof(bool) * maker->plan->natts);
}

static void
restore(Search *search)
{
	RowsMaker *maker = search->maker;

	memcpy(search->values, maker->saved_values, sizeof(Datum) * maker->plan->natts);
	memcpy(search->isnull, maker->saved_isnull, sizeof(bool) * maker->plan->natts);
}

/* Try the moves of a condition, first those that helped in practice, until fewer conditions fail. */
static bool
improve(Search *search, RowsCheck *check, int *nfailed)
{
	/* a prime divides no number of moves: each step size reaches all of them */
	static const int steps[] = {10007, 10009, 10037, 10039, 10061, 10067, 10069, 10079};
	int nmoves = list_length(check->moves);
	int step = steps[rows_below(&search->draw, lengthof(steps))] % nmoves;
	int i = (int) rows_below(&search->draw, nmoves);
	int favoured = (check->weight > 0) ? FAVOURED_MOVES : 0;
	RowsMove *sideways = NULL;

	save(search);
	for (int k = -favoured; k < nmoves && search->evaluations < MOST_EVALUATIONS; k++)
	{
		RowsMove *move = k < 0 ? favourite(search, check) : list_nth(check->moves, i);

		if (k >= 0)
			i = (i + step) % nmoves;
		if (!apply(search, check, move))
			continue;
		move->tries += search->practises;
		rows_set_trial(search->trial, search->values, search->isnull);
		search->evaluations++;
		if (rows_passes(search->trial, check->state))
		{
			if (count_failed(search, NULL) < *nfailed)
			{
				move->hits += search->practises;
				return true;
			}
			if (sideways == NULL || rows_below(&search->draw, 3) == 0)
				sideways = move;
		}
		restore(search);
	}
	if (sideways == NULL && make_null(search, check))
		return true;
	/* at the cost of another condition, which the next step mends */
	if (sideways != NULL && rows_below(&search->draw, 4) != 0)
		return apply(search, check, sideways);
	return false;
}

/* The last resort for a condition of one column: null. */
static bool
make_null(Search *search, RowsCheck *check)
{
	RowsColumn *column;

	if (list_length(check->nullable) != 1 || bms_membership(check->attributes) != BMS_SINGLETON)
		return false;
	column = linitial(check->nullable);
	search->values[column->attnum - 1] = (Datum) 0;
	search->isnull[column->attnum - 1] = true;
	return true;
}

/* A move, more often one that helped more often. */
static RowsMove *
favourite(Search *search, RowsCheck *check)
{
	int64 weight = (int64) rows_below(&search->draw, check->weight);
	ListCell *cell;

	foreach (cell, check->moves)
	{
		RowsMove *move = lfirst(cell);

		weight -= move->weight;
		if (weight < 0)
			return move;
	}
	return llast(check->moves);
}

/* Change several columns at once. */
static void
wander(Search *search, RowsCheck *check)
{
	int nmoves = list_length(check->moves);
	int n = 2 + (int) rows_below(&search->draw, 3);

	for (int i = 0; i < n; i++)
		(void) apply(search, check, list_nth(check->moves, (int) rows_below(&search->draw, nmoves)));
}

/* False: the move changes nothing. */
static bool
apply(Search *search, RowsCheck *check, RowsMove *move)
{
	int i;

	switch (move->kind)
	{
		case ROWS_MOVE_NULL:
			i = move->column->attnum - 1;
			if (search->isnull[i])
				return false;
			search->values[i] = (Datum) 0;
			search->isnull[i] = true;
			return true;
		case ROWS_MOVE_NULLS:
			apply_nulls(search, check);
			return true;
		case ROWS_MOVE_DRAW:
			return draw_value(search, move->column, move->column->value);
		case ROWS_MOVE_CANDIDATE:
			return draw_value(search, move->column, move->value);
		case ROWS_MOVE_EXPRESSION:
		case ROWS_MOVE_NEAR:
			return apply_expression(search, move);
	}
	return false;
}

/* False: it cannot be made, and the column stays as it is. */
static bool
draw_value(Search *search, RowsColumn *column, RowsValue *value)
{
	if (!rows_make_in_trial(search->trial, value, &search->draw, &search->maker->arena,
							&search->values[column->attnum - 1]))
		return false;
	search->isnull[column->attnum - 1] = false;
	return true;
}

/* A value in place of a null: of a key, the one that the row began with. */
static void
set_value(Search *search, RowsColumn *column)
{
	int i = column->attnum - 1;

	if (column->kind == ROWS_COLUMN_RANDOM || column->kind == ROWS_COLUMN_FALLBACK)
	{
		(void) draw_value(search, column, column->value);
		return;
	}
	search->values[i] = search->maker->first_values[i];
	search->isnull[i] = search->maker->first_isnull[i];
}

/* The value that the other columns give, or one near it. */
static bool
apply_expression(Search *search, RowsMove *move)
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
apply_nulls(Search *search, RowsCheck *check)
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
			search->values[column->attnum - 1] = (Datum) 0;
		else if (search->isnull[column->attnum - 1])
			set_value(search, column);
		search->isnull[column->attnum - 1] = null || search->isnull[column->attnum - 1];
	}
}
