/*-------------------------------------------------------------------------
 *
 * prefer_pattern.c
 *	  Generators of strings by a pattern: those that the conditions of a column name, and
 *	  patterns of other alphabets in the lengths that they name.
 *
 * Which of them the conditions accept, prefer_sampling.c finds out; only a pattern whose operator is
 * not PostgreSQL's own is followed untried.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/prefer.h"
#include "rows/plan/steps.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

/* Patterns of strings that are tried. */
#define MOST_PATTERNS 40

static RowsValue *make_plain(RowsChoosing *choosing, RowsBounds *bounds);

/* A pattern whose operator is not PostgreSQL's own, as citext's: it is followed untried. */
void
rows_follow_pattern(RowsChoosing *choosing)
{
	RowsColumn *column = choosing->column;
	RowsValue *value;
	RowsBounds room = column->bounds;
	RowsPatternBound *pattern;

	if (column->bounds.patterns == NIL)
	{
		if (column->value->is_text && rows_is_unique_column(choosing->plan, column))
		{
			value = rows_pattern_beside(choosing->plan, column);
			if (value != NULL)
			{
				value->null_fraction = column->value->null_fraction;
				column->value = value;
			}
		}
		return;
	}
	pattern = linitial(column->bounds.patterns);
	room.lows = room.highs = room.choices = NIL;
	value = make_plain(choosing, &room);
	if (value == NULL || !rows_init_regex(value, pattern->text, pattern->kind, &room))
		return;
	value->null_fraction = column->value->null_fraction;
	column->value = value;
}

/* Of the column's base type: the conditions of its domain are among those of the column already. */
static RowsValue *
make_plain(RowsChoosing *choosing, RowsBounds *bounds)
{
	int32 typmod = choosing->attribute->atttypmod;
	Oid type = getBaseTypeAndTypmod(choosing->attribute->atttypid, &typmod);

	return rows_make_value(type, typmod, bounds, NULL);
}

/* Texts of the column's patterns, and of other alphabets. */
void
rows_add_texts(RowsChoosing *choosing, List **list)
{
	static const char *const forms[] = {"[a-z]{%d}", "[A-Z]{%d}", "[0-9]{%d}", "[1-9][0-9]{%d}",
										"[A-Z][a-z]{%d}"};
	RowsBounds *bounds = &choosing->column->bounds;
	List *patterns;
	List *lengths = list_concat_copy(choosing->mention->numbers, list_make2_int(8, 1));
	ListCell *cell;

	patterns = list_copy_head(bounds->patterns, MOST_PATTERNS);
	foreach (cell, lengths)
	{
		int length = lfirst_int(cell);

		if (length < 1 || length > 200 || list_length(patterns) > MOST_PATTERNS ||
			(bounds->max_length >= 0 && length > bounds->max_length))
			continue;
		length = Max(length, bounds->min_length);
		for (int i = 0; i < lengthof(forms); i++)
		{
			RowsPatternBound *pattern = palloc0(sizeof(RowsPatternBound));

			pattern->text = psprintf(forms[i], length);
			patterns = lappend(patterns, pattern);
		}
	}
	foreach (cell, patterns)
	{
		RowsPatternBound *pattern = lfirst(cell);
		RowsBounds room = *bounds;
		RowsValue *value;

		room.lows = room.highs = room.choices = NIL;
		value = make_plain(choosing, &room);
		if (value != NULL && rows_init_regex(value, pattern->text, pattern->kind, &room))
			*list = lappend(*list, value);
	}
}
