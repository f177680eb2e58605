/*-------------------------------------------------------------------------
 *
 * failed_checks.c
 *	  Tries the conditions on the row that the search (search.c) changes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/trial.h"
#include "rows/write/failed_checks.h"

bool
rows_row_passes(RowsSearch *search, RowsCheck *check)
{
	CHECK_FOR_INTERRUPTS();
	rows_set_trial(search->trial, search->values, search->isnull);
	search->evaluations++;
	return rows_passes(search->trial, check->state);
}

/* How many conditions reject the row?  *failed becomes one of them. */
int
rows_count_failed(RowsSearch *search, RowsCheck **failed)
{
	RowsMaker *maker = search->maker;
	int nfailed = 0;

	rows_set_trial(search->trial, search->values, search->isnull);
	for (int i = 0; i < maker->nchecks; i++)
	{
		RowsUnique *outside = maker->checks[i]->outside;

		CHECK_FOR_INTERRUPTS();
		if (outside != NULL && !search->practises && !rows_is_outside(outside, maker->row))
			continue;
		search->evaluations++;
		if (rows_passes(search->trial, maker->checks[i]->state))
			continue;
		nfailed++;
		if (maker->checks[i]->moves == NIL && !search->practises)
		{
			search->hopeless = true;
			if (failed != NULL)
				*failed = maker->checks[i];
			break;
		}
		if (failed != NULL && (nfailed == 1 || rows_below(&search->draw, nfailed) == 0))
			*failed = maker->checks[i];
	}
	return nfailed;
}
