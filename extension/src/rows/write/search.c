/*-------------------------------------------------------------------------
 *
 * search.c
 *	  The search for values with which a row satisfies its conditions: local search over
 *	  the moves that the conditions suggest (rows/plan/moves.c, apply_move.c).
 *
 * The result depends on the seed and the number of the row only: nothing may be
 * remembered from one row to the next.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/moves.h"
#include "rows/plan/trial.h"
#include "rows/write/aim.h"
#include "rows/write/apply_move.h"
#include "rows/write/balance.h"
#include "rows/write/failed_checks.h"
#include "rows/write/search.h"

/* Conditions evaluated before the search starts again from another row. */
#define MOST_EVALUATIONS 600

/* Rows that show which moves help, and how many of those are tried first. */
#define PRACTICE_ROWS  32
#define FAVOURED_MOVES 6

/* Where single changes have helped less in practice, in sum by the thousand, arms are aimed at first. */
#define LEAST_WEIGHT 1000

/* The stream of the search: no column has this number. */
#define SEARCH_STREAM (MaxHeapAttributeNumber + 4000)

static void prepare(RowsMaker *maker);
static RowsCopy make_copy(const RowsPlan *plan);
static void prepare_moves(RowsCheck *check);
static void practise(RowsMaker *maker);
static bool mend(RowsSearch *search, RowsCheck **failed);
static RowsMove *favourite(RowsSearch *search, RowsCheck *check);
static bool improve(RowsSearch *search, RowsCheck *check, int *nfailed);
static void wander(RowsSearch *search, RowsCheck *check);

/* Change values until all conditions pass.  False: not found; *failed rejected the last row. */
bool
rows_search(RowsMaker *maker, uint64 row, int attempt, Datum *values, bool *isnull, RowsCheck **failed)
{
	RowsSearch search = {.maker = maker, .trial = maker->trial, .values = values, .isnull = isnull};

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
mend(RowsSearch *search, RowsCheck **failed)
{
	RowsMaker *maker = search->maker;
	int nfailed;

	rows_keep_row(search, &maker->first);
	rows_catch_in_trial(search->trial, true);
	nfailed = rows_count_failed(search, failed);
	/* another attempt has other values of a key that counts */
	if (search->hopeless)
		return false;
	maker->searches += !search->practises;
	while (nfailed > 0 && search->evaluations < MOST_EVALUATIONS && (*failed)->moves != NIL)
	{
		CHECK_FOR_INTERRUPTS();
		if (!improve(search, *failed, &nfailed) && !rows_aim(search, *failed))
			wander(search, *failed);
		nfailed = rows_count_failed(search, failed);
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
		prepare_moves(maker->checks[i]);
		foreach (cell, maker->checks[i]->arms)
		{
			ListCell *part;

			foreach (part, (List *) lfirst(cell))
			{
				RowsCheck *check = lfirst(part);

				check->state = ExecInitExpr(check->expr, NULL);
				prepare_moves(check);
			}
		}
	}
	maker->first = make_copy(plan);
	maker->saved = make_copy(plan);
	maker->other = make_copy(plan);
	MemoryContextSwitchTo(old);
}

static RowsCopy
make_copy(const RowsPlan *plan)
{
	RowsCopy copy = {palloc(sizeof(Datum) * plan->natts), palloc(sizeof(bool) * plan->natts)};

	return copy;
}

static void
prepare_moves(RowsCheck *check)
{
	const RowsMove *before = NULL;
	ListCell *cell;

	CHECK_FOR_INTERRUPTS();
	foreach (cell, check->moves)
	{
		RowsMove *move = lfirst(cell);

		/* to the value and near it, of the same expression */
		if (before != NULL && move->expr == before->expr)
			move->state = before->state;
		/* not ExecPrepareExpr(): its constant parts may raise errors */
		else if (move->expr != NULL)
			move->state = ExecInitExpr(move->expr, NULL);
		before = move;
	}
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
		RowsSearch search = {.maker = maker,
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
				(void) rows_apply_value(&search, column, column->value);
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

/* Try the moves of a condition, first those that helped in practice, until fewer conditions fail. */
static bool
improve(RowsSearch *search, RowsCheck *check, int *nfailed)
{
	/* a prime divides no number of moves: each step size reaches all of them */
	static const int steps[] = {10007, 10009, 10037, 10039, 10061, 10067, 10069, 10079};
	int nmoves = list_length(check->moves);
	int step = steps[rows_below(&search->draw, lengthof(steps))] % nmoves;
	int i = (int) rows_below(&search->draw, nmoves);
	int favoured = (check->weight > 0) ? FAVOURED_MOVES : 0;
	int sideways = 0; /* conditions that fail then */

	if (check->arms != NIL && !search->practises && check->weight < LEAST_WEIGHT &&
		rows_aim_better(search, check, *nfailed))
		return true;
	rows_keep_row(search, &search->maker->saved);
	for (int k = -favoured; k < nmoves && search->evaluations < MOST_EVALUATIONS; k++)
	{
		RowsMove *move = k < 0 ? favourite(search, check) : list_nth(check->moves, i);

		if (k >= 0)
			i = (i + step) % nmoves;
		if (!rows_apply_move(search, check, move))
			continue;
		move->tries += search->practises;
		if (rows_row_passes(search, check))
		{
			int n = rows_count_failed(search, NULL);

			if (n < *nfailed)
			{
				move->hits += search->practises;
				return true;
			}
			if (sideways == 0 || n < sideways || (n == sideways && rows_below(&search->draw, 3) == 0))
			{
				sideways = n;
				rows_keep_row(search, &search->maker->other);
			}
		}
		rows_restore_row(search, &search->maker->saved);
	}
	if (sideways == 0 && rows_apply_null(search, check))
		return true;
	if (rows_balance(search, check, *nfailed))
		return true;
	/* at the cost of another condition, which the next step mends */
	if (sideways == 0 || rows_below(&search->draw, 4) == 0)
		return false;
	rows_restore_row(search, &search->maker->other);
	return true;
}

/* A move, more often one that helped more often. */
static RowsMove *
favourite(RowsSearch *search, RowsCheck *check)
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
wander(RowsSearch *search, RowsCheck *check)
{
	int nmoves = list_length(check->moves);
	int n = 2 + (int) rows_below(&search->draw, 3);

	for (int i = 0; i < n; i++)
		(void) rows_apply_move(search, check,
							   list_nth(check->moves, (int) rows_below(&search->draw, nmoves)));
}
