/*-------------------------------------------------------------------------
 *
 * candidate_pattern.c
 *	  Strings that a condition may accept because they match its patterns: one of them,
 *	  perhaps at a length that the condition mentions, or all of them.
 *
 * A candidate is only a guess; the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"

/* What follows several patterns at once. */
typedef struct PatternsCandidate
{
	RowsValue value;
	List *patterns; /* of RowsValue */
	int length;		/* at least */
	int room;
} PatternsCandidate;

/* Characters of one of several patterns. */
#define LONGEST_PATTERN 8

/* Lengths of which strings of a pattern are made. */
#define MOST_LENGTHS	3
#define MOST_CHARACTERS 64

static void add_of_lengths(List **list, const RowsValue *like, const RowsPatternBound *pattern,
						   List *numbers);
static Datum make_patterns(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* Strings of one pattern each. */
List *
rows_pattern_candidates(const RowsValue *like, const RowsMention *mention)
{
	List *result = NIL;
	ListCell *cell;

	foreach (cell, mention->patterns)
	{
		RowsPatternBound *pattern = lfirst(cell);
		RowsValue *value = palloc(sizeof(RowsValue));
		RowsBounds none;

		rows_init_bounds(&none);
		*value = *like;
		if (rows_init_regex(value, pattern->text, pattern->kind, &none))
			result = lappend(result, value);
		add_of_lengths(&result, like, pattern, mention->numbers);
	}
	return result;
}

/* The pattern's strings of lengths that the condition mentions: length(c) % 8 = 0 */
static void
add_of_lengths(List **list, const RowsValue *like, const RowsPatternBound *pattern, List *numbers)
{
	ListCell *cell;

	foreach (cell, numbers)
	{
		RowsValue *value;
		RowsBounds bounds;

		if (lfirst_int(cell) < 2 || lfirst_int(cell) > MOST_CHARACTERS ||
			foreach_current_index(cell) >= MOST_LENGTHS)
			continue;
		value = palloc(sizeof(RowsValue));
		*value = *like;
		rows_init_bounds(&bounds);
		bounds.min_length = bounds.max_length = lfirst_int(cell);
		if (rows_init_regex(value, pattern->text, pattern->kind, &bounds))
			*list = lappend(*list, value);
	}
}

/* Strings of each pattern, one after the other: w ~ '[a-z]' AND w ~ '[0-9]' */
List *
rows_joined_pattern_candidates(const RowsValue *like, const RowsMention *mention)
{
	PatternsCandidate *candidate = palloc0(sizeof(PatternsCandidate));
	ListCell *cell;

	foreach (cell, mention->patterns)
	{
		RowsPatternBound *pattern = lfirst(cell);
		RowsValue *value = palloc(sizeof(RowsValue));
		RowsBounds none;

		if (*pattern->text == '^')
			continue;
		rows_init_bounds(&none);
		none.max_length = LONGEST_PATTERN;
		*value = *like;
		if (rows_init_regex(value, pattern->text, pattern->kind, &none))
			candidate->patterns = lappend(candidate->patterns, value);
	}
	if (list_length(candidate->patterns) < 2)
		return NIL;
	candidate->value = *like;
	candidate->value.make = make_patterns;
	candidate->length = Max(mention->min_length, 0);
	candidate->room = like->typmod >= (int32) VARHDRSZ ? like->typmod - VARHDRSZ
													   : ROWS_LONGEST_CANDIDATE;
	return list_make1(candidate);
}

static Datum
make_patterns(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const PatternsCandidate *candidate = (const PatternsCandidate *) value;
	int n = list_length(candidate->patterns);
	int first = (int) rows_below(draw, n);
	StringInfoData string;
	Datum result;

	initStringInfo(&string);
	/* all of them once, and again until the string is long enough */
	for (int i = 0; i < n || string.len < Min(candidate->length, candidate->room); i++)
	{
		RowsValue *pattern = list_nth(candidate->patterns, (first + i) % n);
		char *part = TextDatumGetCString(pattern->make(pattern, draw, arena));

		if (i > 8 * n && *part == '\0')
			break;
		appendStringInfoString(&string, part);
		pfree(part);
	}
	result = rows_make_string(value, string.data,
							  pg_mbcharcliplen(string.data, string.len, candidate->room), arena);
	pfree(string.data);
	return result;
}
