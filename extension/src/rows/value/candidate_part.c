/*-------------------------------------------------------------------------
 *
 * candidate_part.c
 *	  Strings of the parts that a condition demands at their places: left(code, 3) = 'ACC'
 *	  and right(code, 2) ~ '^[0-9]+$'.
 *
 * A candidate is only a guess; the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
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
} PartCandidate;

static List *prepare_parts(const RowsMention *mention);
static Datum make_parts(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* NULL: the condition says nothing of any part. */
RowsValue *
rows_part_candidate(const RowsValue *like, const RowsMention *mention)
{
	PartCandidate *candidate = palloc0(sizeof(PartCandidate));
	ListCell *cell;

	candidate->parts = prepare_parts(mention);
	if (candidate->parts == NIL)
		return NULL;
	candidate->value = *like;
	candidate->value.make = make_parts;
	candidate->room = LONGEST_STRING;
	if (like->typmod >= (int32) VARHDRSZ)
		candidate->room = Min(candidate->room, like->typmod - VARHDRSZ);
	candidate->max_length = Max(mention->max_length, 0);
	candidate->min_length = Max(mention->min_length, 0);
	candidate->numbers = mention->numbers;
	foreach (cell, candidate->parts)
	{
		const RowsMentionPart *part = &((Part *) lfirst(cell))->part;
		int length = part->text != NULL ? (int) strlen(part->text) : 1;

		candidate->least = Max(candidate->least,
							   part->from > 0 ? part->from - 1 + length : -part->from);
	}
	return &candidate->value;
}

static List *
prepare_parts(const RowsMention *mention)
{
	List *parts = NIL;
	ListCell *cell;

	foreach (cell, mention->parts)
	{
		Part *part = palloc0(sizeof(Part));
		RowsBounds none;

		part->part = *(RowsMentionPart *) lfirst(cell);
		if (part->part.from == 0 || Abs(part->part.from) > LONGEST_STRING)
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
	}
	return rows_make_string(value, string, length, arena);
}
