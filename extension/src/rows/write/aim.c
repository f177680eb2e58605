/*-------------------------------------------------------------------------
 *
 * aim.c
 *	  The search aims at one alternative of a condition and mends its parts one by one.
 *
 * CASE kind WHEN 'card' THEN number IS NOT NULL AND iban IS NULL ... may need several
 * changes at once, of which none alone makes the condition true.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/write/aim.h"

/* A change that mends one part may break another. */
#define ROUNDS		   3
#define MOVES_OF_PARTS 40

static bool mend_part(RowsSearch *search, List *arm, RowsCheck *part);
static int count_passing(RowsSearch *search, List *arm);

/* False: the condition has no alternatives. */
bool
rows_aim(RowsSearch *search, RowsCheck *check)
{
	List *arm;

	if (check->arms == NIL)
		return false;
	arm = list_nth(check->arms, (int) rows_below(&search->draw, list_length(check->arms)));
	for (int round = 0; round < ROUNDS; round++)
	{
		bool all = true;
		ListCell *cell;

		foreach (cell, arm)
			all &= mend_part(search, arm, lfirst(cell));
		if (all)
			break;
	}
	return true;
}

/* Change the columns of one part until it passes, and as many of the others as before. */
static bool
mend_part(RowsSearch *search, List *arm, RowsCheck *part)
{
	RowsMaker *maker = search->maker;
	Size natts = maker->plan->natts;
	int nmoves = list_length(part->moves);
	int passing;

	rows_set_trial(search->trial, search->values, search->isnull);
	search->evaluations++;
	if (rows_passes(search->trial, part->state))
		return true;
	passing = count_passing(search, arm);
	memcpy(maker->saved_values, search->values, sizeof(Datum) * natts);
	memcpy(maker->saved_isnull, search->isnull, sizeof(bool) * natts);
	for (int i = 0; i < MOVES_OF_PARTS && nmoves > 0; i++)
	{
		RowsMove *move = list_nth(part->moves, (int) rows_below(&search->draw, nmoves));

		if (!rows_apply_move(search, part, move))
			continue;
		rows_set_trial(search->trial, search->values, search->isnull);
		search->evaluations++;
		if (rows_passes(search->trial, part->state) && count_passing(search, arm) > passing)
			return true;
		memcpy(search->values, maker->saved_values, sizeof(Datum) * natts);
		memcpy(search->isnull, maker->saved_isnull, sizeof(bool) * natts);
	}
	return false;
}

static int
count_passing(RowsSearch *search, List *arm)
{
	int passing = 0;
	ListCell *cell;

	rows_set_trial(search->trial, search->values, search->isnull);
	foreach (cell, arm)
	{
		RowsCheck *part = lfirst(cell);

		search->evaluations++;
		passing += rows_passes(search->trial, part->state);
	}
	return passing;
}
