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
#include "rows/write/failed_checks.h"

/* A change that mends one part may break another. */
#define ROUNDS		   3
#define MOVES_OF_PARTS 40

static List *some_arm(RowsSearch *search, List *arms);
static bool mend_part(RowsSearch *search, List *arm, RowsCheck *part);
static int count_passing(RowsSearch *search, List *arm);

/* False: the condition has no alternatives, or none that can be reached. */
bool
rows_aim(RowsSearch *search, RowsCheck *check)
{
	List *arm = some_arm(search, check->arms);

	if (arm == NIL)
		return false;
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

/* An arm of which no part fails that nothing can be changed about, as of a key that counts. */
static List *
some_arm(RowsSearch *search, List *arms)
{
	List *some = NIL;
	int n = 0;
	ListCell *cell;

	rows_set_trial(search->trial, search->values, search->isnull);
	foreach (cell, arms)
	{
		bool possible = true;
		ListCell *part;

		foreach (part, (List *) lfirst(cell))
		{
			RowsCheck *check = lfirst(part);

			if (check->moves != NIL)
				continue;
			search->evaluations++;
			possible = possible && rows_passes(search->trial, check->state);
		}
		if (possible && rows_below(&search->draw, ++n) == 0)
			some = lfirst(cell);
	}
	return some;
}

/* ... and fewer conditions fail then.  False: the row is as it was. */
bool
rows_aim_better(RowsSearch *search, RowsCheck *check, int nfailed)
{
	RowsMaker *maker = search->maker;

	rows_keep_row(search, &maker->other);
	if (rows_aim(search, check) && rows_count_failed(search, NULL) < nfailed)
		return true;
	rows_restore_row(search, &maker->other);
	return false;
}

/* Change the columns of one part until it passes, and as many of the others as before. */
static bool
mend_part(RowsSearch *search, List *arm, RowsCheck *part)
{
	RowsMaker *maker = search->maker;
	int nmoves = list_length(part->moves);
	int passing;

	if (rows_row_passes(search, part))
		return true;
	passing = count_passing(search, arm);
	rows_keep_row(search, &maker->saved);
	for (int i = 0; i < MOVES_OF_PARTS && nmoves > 0; i++)
	{
		RowsMove *move = list_nth(part->moves, (int) rows_below(&search->draw, nmoves));

		if (!rows_apply_move(search, part, move))
			continue;
		if (rows_row_passes(search, part) && count_passing(search, arm) > passing)
			return true;
		rows_restore_row(search, &maker->saved);
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
