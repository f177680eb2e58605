/*-------------------------------------------------------------------------
 *
 * candidate_part.c
 *	  Strings of the parts that a condition demands at their places: left(code, 3) = 'ACC',
 *	  right(code, 2) ~ '^[0-9]+$' and split_part(code, '-', 2) = 'x' (mention.c finds them).
 *
 * A candidate is only a guess; the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

#define LONGEST_STRING 200

/* A part, with the generator of its pattern. */
typedef struct Part
{
	RowsMentionPart part;
	RowsValue *generator; /* NULL: the text itself */
} Part;

typedef struct PartCandidate
{
	RowsValue value;
	List *parts; /* of Part */
	int least;	 /* characters that all parts need */
	int room;
	int min_length;
	int max_length; /* 0: unknown */
	List *numbers;
	bool has_digits; /* some part is read as a number */
} PartCandidate;

static PartCandidate *start_parts(const RowsValue *like, const RowsMention *mention, bool split);
static List *prepare_parts(const RowsMention *mention, bool split);
static Datum make_split(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_parts(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* Those of places, and those between separators: at most two. */
List *
rows_part_candidates(const RowsValue *like, const RowsMention *mention)
{
	List *result = NIL;

	for (int split = 0; split < 2; split++)
	{
		PartCandidate *candidate = start_parts(like, mention, split == 1);

		if (candidate != NULL)
			result = lappend(result, candidate);
	}
	return result;
}

/* NULL: the condition says nothing of any part. */
static PartCandidate *
start_parts(const RowsValue *like, const RowsMention *mention, bool split)
{
	PartCandidate *candidate = palloc0(sizeof(PartCandidate));
	ListCell *cell;

	candidate->parts = prepare_parts(mention, split);
	if (candidate->parts == NIL)
		return NULL;
	candidate->value = *like;
	candidate->value.make = split ? make_split : make_parts;
	candidate->room = LONGEST_STRING;
	if (like->typmod >= (int32) VARHDRSZ)
		candidate->room = Min(candidate->room, like->typmod - VARHDRSZ);
	candidate->max_length = Max(mention->max_length, 0);
	candidate->min_length = Max(mention->min_length, 0);
	candidate->numbers = mention->numbers;
	candidate->has_digits = mention->types != NIL;
	foreach (cell, candidate->parts)
	{
		const RowsMentionPart *part = &((Part *) lfirst(cell))->part;
		int length = part->text != NULL ? (int) strlen(part->text) : 1;

		if (split)
		{
			/* what is empty need not be there */
			if (part->text == NULL || *part->text != '\0')
				candidate->least = Max(candidate->least, part->from);
			continue;
		}
		candidate->least = Max(candidate->least,
							   part->from > 0 ? part->from - 1 + length : -part->from);
	}
	return candidate;
}

/* Those of split_part(), or the others. */
static List *
prepare_parts(const RowsMention *mention, bool split)
{
	List *parts = NIL;
	ListCell *cell;

	foreach (cell, mention->parts)
	{
		Part *part = palloc0(sizeof(Part));
		RowsBounds none;

		part->part = *(RowsMentionPart *) lfirst(cell);
		if (part->part.from == 0 || abs(part->part.from) > LONGEST_STRING ||
			(part->part.separator != NULL) != split)
			continue;
		if (part->part.pattern != NULL)
		{
			rows_init_bounds(&none);
			none.max_length = part->part.from < 0 ? -part->part.from : LONGEST_STRING;
			part->generator = rows_make_value(TEXTOID, -1, &none, NULL);
			if (!rows_init_regex(part->generator, part->part.pattern->text,
								 part->part.pattern->kind, &none))
				continue;
		}
		parts = lappend(parts, part);
	}
	return parts;
}

static Datum
make_parts(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	static const char *const alphabets[] = {"abcdefghijklmnopqrstuvwxyz",
											"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "123456789"};
	const PartCandidate *candidate = (const PartCandidate *) value;
	const char *alphabet = alphabets[rows_below(draw, lengthof(alphabets))];
	char string[LONGEST_STRING + 1];
	int length = candidate->least + (int) rows_below(draw, 6);
	int first = (int) rows_below(draw, list_length(candidate->parts));

	if (candidate->max_length > 0 && rows_below(draw, 4) != 0)
		length = candidate->min_length +
				 (int) rows_below(draw, Max(candidate->max_length - candidate->min_length, 0) + 1);
	else if (candidate->numbers != NIL && (rows_draw(draw) & 1))
		length = list_nth_int(candidate->numbers,
							  (int) rows_below(draw, list_length(candidate->numbers)));
	length = Min(Max(length, candidate->least), candidate->room);
	for (int i = 0; i < length; i++)
		string[i] = alphabet[rows_below(draw, strlen(alphabet))];
	/* of several for one place, one chosen at random is written last */
	for (int i = 0; i < list_length(candidate->parts); i++)
	{
		const Part *part = list_nth(candidate->parts, (first + i) % list_length(candidate->parts));
		const char *written = part->part.text;
		int at = part->part.from > 0 ? part->part.from - 1 : length + part->part.from;

		if (part->generator != NULL)
			written = TextDatumGetCString(part->generator->make(part->generator, draw, arena));
		for (int j = 0; written[j] != '\0' && at + j < length; j++)
		{
			if (at + j >= 0)
				string[at + j] = written[j];
		}
		if (part->generator != NULL)
			pfree((void *) written);
	}
	return rows_make_string(value, string, length, arena);
}

/* A part of the so manieth place, or any; NULL: the condition does not mention it. */
static const Part *
part_at(const PartCandidate *candidate, int place, RowsDraw *draw)
{
	const Part *found = NULL;
	int n = 0;
	ListCell *cell;

	foreach (cell, candidate->parts)
	{
		const Part *part = lfirst(cell);

		if (part->part.from == place && rows_below(draw, ++n) == 0)
			found = part;
	}
	return found;
}

/* The parts with their separator between them. */
static Datum
make_split(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const PartCandidate *candidate = (const PartCandidate *) value;
	const Part *first = linitial(candidate->parts);
	int nparts = Min(Max(candidate->least, 1), 20);
	StringInfoData string;
	Datum result;

	/* a part that must not be empty may be the last */
	if (rows_below(draw, 4) == 0)
		nparts++;
	initStringInfo(&string);
	for (int i = 1; i <= nparts; i++)
	{
		const Part *part = part_at(candidate, i, draw);

		if (i > 1)
			appendStringInfoString(&string, first->part.separator);
		if (part != NULL && part->generator != NULL)
		{
			char *made = TextDatumGetCString(part->generator->make(part->generator, draw, arena));

			appendStringInfoString(&string, made);
			pfree(made);
		}
		else if (part != NULL && (*part->part.text != '\0' || rows_below(draw, 4) == 0))
			appendStringInfoString(&string, part->part.text);
		else if (candidate->has_digits || (rows_draw(draw) & 1))
			appendStringInfo(&string, "%d", (int) rows_below(draw, rows_below(draw, 2) ? 10 : 100));
		else
		{
			for (int j = 2 + (int) rows_below(draw, 6); j > 0; j--)
				appendStringInfoChar(&string, (char) ('a' + rows_below(draw, 26)));
		}
	}
	result = rows_make_string(value, string.data, Min(string.len, candidate->room), arena);
	pfree(string.data);
	return result;
}
