/*-------------------------------------------------------------------------
 *
 * step_list.c
 *	  The steps of a rescue, with their times: its result, and its receipt.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "rescue/step_list.h"

/* Adds a step that took the time since the last one, of the table that is named if there are several; printf-like. */
void
poc_rescue_step(PocRescue *rescue, const char *name, const char *format, ...)
{
	PocRescueStep *step = palloc0(sizeof(PocRescueStep));
	TimestampTz now = GetCurrentTimestamp();
	StringInfoData text;
	va_list args;
	int needed;

	initStringInfo(&text);
	if (rescue->table != NULL && list_length(rescue->tables) > 1)
		appendStringInfo(&text, "%s: ", rescue->table->relation);
	for (;;)
	{
		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	step->name = name;
	step->table = rescue->table;
	step->detail = text.data;
	step->elapsed = now - rescue->step_began;
	rescue->step_began = now;
	rescue->steps = lappend(rescue->steps, step);
}

/* Those of rescue->table and those of all, each with its time, as an array of text */
Datum
poc_rescue_step_texts(PocRescue *rescue)
{
	Datum *texts = palloc(list_length(rescue->steps) * sizeof(Datum));
	int n = 0;
	ListCell *cell;

	foreach (cell, rescue->steps)
	{
		PocRescueStep *step = lfirst(cell);

		if (step->table != NULL && step->table != rescue->table)
			continue;
		texts[n++] = CStringGetTextDatum(psprintf("%s (%.3f s): %s", step->name,
												  (double) step->elapsed / USECS_PER_SEC,
												  step->detail));
	}
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

void
poc_rescue_return_steps(PocRescue *rescue, ReturnSetInfo *result)
{
	ListCell *cell;

	foreach (cell, rescue->steps)
	{
		PocRescueStep *step = lfirst(cell);
		Interval elapsed = {.time = step->elapsed};
		Datum values[] = {CStringGetTextDatum(step->name), BoolGetDatum(true),
						  IntervalPGetDatum(&elapsed), CStringGetTextDatum(step->detail)};
		bool nulls[lengthof(values)] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}
