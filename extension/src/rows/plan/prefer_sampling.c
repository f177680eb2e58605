/*-------------------------------------------------------------------------
 *
 * prefer_sampling.c
 *	  Draws values of generators and tries the conditions of one column on them (rejection
 *	  sampling): how many are accepted, a list of those that are, a form that they have.
 *
 * Only conditions that the choice has prepared are evaluated; no generator is changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/prefer.h"
#include "rows/plan/steps.h"
#include "rows/value/hash.h"
#include "rows/value/kinds.h"
#include "rows/value/type.h"

/* If none of so many samples is accepted, the others are not tried. */
#define HOPELESS 5

/* Values found beforehand, and how many are tried for them: for few, and for all. */
#define POOL_SIZE	256
#define POOL_DRAWS	2000
#define SMALL_POOL	32
#define SMALL_DRAWS 500
#define LEAST_POOL	8
#define RARE_DRAWS	8000 /* where few are accepted, but some */

/* Strings whose form is tried to count by. */
#define MOST_EXAMPLES 12

/* The stream of samples: no column has this number. */
#define SAMPLE_STREAM (MaxHeapAttributeNumber + 4100)

static bool
accepts(void *context, Datum value)
{
	RowsChoosing *choosing = context;

	int i = choosing->column->attnum - 1;
	ListCell *cell;

	CHECK_FOR_INTERRUPTS();
	choosing->values[i] = value;
	choosing->isnull[i] = false;
	rows_set_trial(choosing->trial, choosing->values, choosing->isnull);
	foreach (cell, choosing->states)
	{
		if (!rows_passes(choosing->trial, lfirst(cell)))
			return false;
	}
	return true;
}

/* How many of some values of a generator do the conditions accept? */
int
rows_count_accepted(RowsChoosing *choosing, const RowsValue *value)
{
	int accepted = 0;

	if (choosing->counted && (value->encode == NULL || value->capacity == 0))
		return 0;
	for (int i = 0; i < ROWS_SAMPLES && (accepted > 0 || i < HOPELESS); i++)
	{
		RowsDraw draw;

		/* of different lengths of the number, too */
		rows_draw_start(&draw, rows_stream(0, SAMPLE_STREAM, 0), i);
		if (accepts(choosing, choosing->counted
								  ? value->encode(value, (uint64) i * i * i * 17 % value->capacity,
												  &draw, choosing->arena)
								  : value->make(value, &draw, choosing->arena)))
			accepted++;
	}
	return accepted;
}

/* A form that some string has which the conditions accept; NULL: none is found. */
RowsValue *
rows_learn_form(RowsChoosing *choosing, List *generators)
{
	RowsValue *best = NULL;
	int nexamples = 0;
	RowsDraw draw;

	generators = list_concat_copy(generators, rows_candidates(choosing->attribute->atttypid,
															  choosing->attribute->atttypmod,
															  choosing->mention));
	rows_draw_start(&draw, rows_stream(0, SAMPLE_STREAM, 2), 0);
	for (int i = 0; i < POOL_DRAWS && nexamples < MOST_EXAMPLES && generators != NIL; i++)
	{
		RowsValue *value;
		Datum datum;
		char *example;

		CHECK_FOR_INTERRUPTS();
		rows_reset_arena(choosing->arena);
		if (!rows_make_in_trial(choosing->trial, list_nth(generators, i % list_length(generators)),
								&draw, choosing->arena, &datum))
			continue;
		example = rows_example_of(TextDatumGetCString(datum), accepts, choosing);
		if (example == NULL)
			continue;
		nexamples++;
		value = rows_form_of_example(choosing->column->value, example, accepts, choosing);
		if (value != NULL && (best == NULL || value->capacity > best->capacity) &&
			rows_count_accepted(choosing, value) == ROWS_SAMPLES)
			best = value;
	}
	return best;
}

/* How many values are tried, if so many of them are accepted. */
static int
draws_for(int n)
{
	if (n > 0 && n < LEAST_POOL)
		return RARE_DRAWS;
	return n < SMALL_POOL ? POOL_DRAWS : SMALL_DRAWS;
}

/* A list of values that the conditions accept; NULL if too few are found. */
RowsValue *
rows_pool_of(RowsChoosing *choosing, List *generators)
{
	RowsValue *like = choosing->column->value;
	Datum *pool = palloc(sizeof(Datum) * POOL_SIZE);
	uint32 *hashes = palloc(sizeof(uint32) * POOL_SIZE);
	int n = 0;
	int nfound = 0;
	RowsDraw draw;
	RowsValue *value;

	rows_draw_start(&draw, rows_stream(0, SAMPLE_STREAM, 1), 0);
	for (int i = 0; i < draws_for(n) && n < POOL_SIZE && generators != NIL; i++)
	{
		RowsValue *generator = list_nth(generators, i % list_length(generators));
		Datum datum;
		bool again = false;
		uint32 hash;

		CHECK_FOR_INTERRUPTS();
		rows_reset_arena(choosing->arena);
		if (!rows_make_in_trial(choosing->trial, generator, &draw, choosing->arena, &datum) ||
			!accepts(choosing, datum))
			continue;
		nfound++;
		hash = rows_hash_image(datum, like->typbyval, like->typlen);
		for (int j = 0; j < n && !again; j++)
			again = hashes[j] == hash;
		if (again)
			continue;
		pool[n] = datumCopy(datum, like->typbyval, like->typlen);
		hashes[n++] = hash;
	}
	/* few, found again and again, are all that there are */
	if (n < LEAST_POOL && (n == 0 || nfound < LEAST_POOL * n))
		return NULL;
	value = rows_make_choice_value(like->type, pool, n);
	value->typmod = like->typmod;
	value->name = "found";
	value->detail = psprintf("one of %d values that its conditions accept", n);
	return value;
}
