/*-------------------------------------------------------------------------
 *
 * unique_share.c
 *	  Unique indexes that share columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "rows/plan/steps.h"

/*
 * Some of the columns are digits of another key, and one is not: it shows the digit that
 * the index leaves out, so that no two rows agree in all of them.
 */
bool
rows_share_digit(RowsPlan *plan, List *columns)
{
	RowsUnique *other = NULL;
	RowsColumn *own = NULL;
	RowsColumn *missing = NULL;
	uint64 divisor = 1;
	ListCell *cell;

	foreach (cell, columns)
	{
		RowsColumn *column = lfirst(cell);

		if (column->kind == ROWS_COLUMN_KEY && column->counted->ncolumns > 1)
			other = column->counted;
		else if (column->kind == ROWS_COLUMN_RANDOM && column->value->encode != NULL &&
				 column->value->capacity > 0)
			own = column;
	}
	if (other == NULL || own == NULL || other->partial || other->stride > 1 || other->ordinals != NULL)
		return false;
	for (int i = 0; i < other->ncolumns; i++)
	{
		if (other->columns[i]->kind != ROWS_COLUMN_KEY)
			return false;
		if (list_member_ptr(columns, other->columns[i]))
			continue;
		if (missing != NULL)
			return false;
		missing = other->columns[i];
	}
	if (missing == NULL)
		return false;
	missing->radix = Min(missing->radix, own->value->capacity);
	for (int i = other->ncolumns - 1; i >= 0; i--)
	{
		other->columns[i]->divisor = divisor;
		divisor *= other->columns[i]->radix;
	}
	other->capacity = divisor;
	own->kind = ROWS_COLUMN_KEY;
	own->counted = other;
	own->divisor = missing->divisor;
	own->radix = missing->radix;
	own->value->null_fraction = 0;
	return true;
}
