/*-------------------------------------------------------------------------
 *
 * unique_stride.c
 *	  How many ordinals of unique columns a row may try to satisfy its conditions.
 *
 * Each ordinal that a row may try is one row less, so only keys of many values have more
 * than one: of others, the search for a row changes other columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/steps.h"

/* Of so many values, few are not wasted: where no other column can satisfy a condition, and where one can. */
#define MANY_VALUES		 (UINT64CONST(1) << 20)
#define MANY_MORE_VALUES (UINT64CONST(1) << 30)

static bool is_bound_by(RowsPlan *plan, RowsUnique *unique, RowsCheck *check, bool *alone);

void
rows_set_stride(RowsPlan *plan, RowsUnique *unique)
{
	bool any = false;
	bool any_alone = false;
	ListCell *cell;

	foreach (cell, plan->checks)
	{
		bool alone;

		if (!is_bound_by(plan, unique, lfirst(cell), &alone))
			continue;
		any = true;
		any_alone |= alone;
	}
	if (!any || unique->capacity < (any_alone ? MANY_VALUES : MANY_MORE_VALUES))
		return;
	unique->stride = ROWS_CHECKED_STRIDE;
	unique->capacity /= unique->stride;
}

/*
 * Does a condition use the columns?  *alone: these only, or others that the search for a
 * row cannot change.
 */
static bool
is_bound_by(RowsPlan *plan, RowsUnique *unique, RowsCheck *check, bool *alone)
{
	bool uses = false;
	bool suits = true;
	int member = -1;

	*alone = true;
	while ((member = bms_next_member(check->attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;
		RowsColumn *column = attnum > 0 ? &plan->columns[attnum - 1] : NULL;

		if (column == NULL)
			continue;
		/* another attempt chooses another row to refer to */
		if (column->hierarchy != NULL)
			return false;
		if (column->counted == unique)
			uses = true;
		suits &= column->counted == unique && column->suits;
		if ((column->kind == ROWS_COLUMN_RANDOM || column->kind == ROWS_COLUMN_FALLBACK) &&
			column->region_value == NULL)
			*alone = false;
	}
	if (!uses || rows_is_settled(plan, check->attributes))
		return false;
	/* its generator makes what the condition accepts */
	return !(suits && bms_membership(check->attributes) == BMS_SINGLETON);
}
