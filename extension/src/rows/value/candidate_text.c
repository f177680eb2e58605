/*-------------------------------------------------------------------------
 *
 * candidate_text.c
 *	  Strings that a condition may accept: its own, in other case, at the beginning, in
 *	  the middle and at the end of others; and strings of the lengths that it mentions.
 *
 * A candidate is only a guess; the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"

#define LONGEST_CANDIDATE 1000

typedef struct TextCandidate
{
	RowsValue value;
	int nstrings;
	char **strings;
	int nlengths;
	int *lengths;
	int room; /* in characters */
	int nnumbers;
	int *numbers;
} TextCandidate;

static const char *const alphabets[] = {"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
										"0123456789", "0123456789abcdef",
										"abcdefghijklmnopqrstuvwxyz0123456789"};

static void add_length(TextCandidate *candidate, int length);
static Datum make_around(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_shape(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_bytes(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

List *
rows_text_candidates(const RowsValue *like, const RowsMention *mention)
{
	TextCandidate *shapes = palloc0(sizeof(TextCandidate));
	TextCandidate *around;
	List *result;
	ListCell *cell;

	shapes->value = *like;
	shapes->value.make = (like->type == BYTEAOID) ? make_bytes : make_shape;
	shapes->room = LONGEST_CANDIDATE;
	if (like->type == NAMEOID)
		shapes->room = NAMEDATALEN - 1;
	else if (like->typmod >= (int32) VARHDRSZ)
		shapes->room = Min(shapes->room, like->typmod - VARHDRSZ);
	shapes->lengths = palloc(sizeof(int) * (6 * list_length(mention->numbers) + 4));
	shapes->numbers = palloc(sizeof(int) * (list_length(mention->numbers) + 1));
	foreach (cell, mention->numbers)
	{
		int number = lfirst_int(cell);

		shapes->numbers[shapes->nnumbers++] = number;
		add_length(shapes, number);
		add_length(shapes, number - 1);
		add_length(shapes, number + 1);
		/* length(a) + length(b) <= 20; decode(a, 'hex') of 32 bytes */
		add_length(shapes, number / 2);
		add_length(shapes, number <= LONGEST_CANDIDATE / 2 ? 2 * number : -1);
		if (number % BITS_PER_BYTE == 0)
			add_length(shapes, number / BITS_PER_BYTE);
	}
	if (shapes->nlengths == 0)
	{
		add_length(shapes, 1);
		add_length(shapes, 8);
		add_length(shapes, like->max_length);
	}
	result = list_make1(shapes);
	if (like->type != BYTEAOID)
	{
		foreach (cell, mention->patterns)
		{
			RowsPatternBound *pattern = lfirst(cell);
			RowsValue *value = palloc(sizeof(RowsValue));
			RowsBounds none;

			rows_init_bounds(&none);
			*value = *like;
			if (rows_init_regex(value, pattern->text, pattern->kind, &none))
				result = lappend(result, value);
		}
	}
	if (mention->texts == NIL || like->type == BYTEAOID)
		return result;

	around = palloc(sizeof(TextCandidate));
	*around = *shapes;
	around->value.make = make_around;
	around->strings = palloc(sizeof(char *) * list_length(mention->texts));
	foreach (cell, mention->texts)
		around->strings[around->nstrings++] = lfirst(cell);
	return lappend(result, around);
}

static void
add_length(TextCandidate *candidate, int length)
{
	if (length >= 0 && length <= candidate->room)
		candidate->lengths[candidate->nlengths++] = length;
}

static int
write_letters(char *out, int length, RowsDraw *draw)
{
	const char *alphabet = alphabets[rows_below(draw, lengthof(alphabets))];
	int nletters = strlen(alphabet);

	for (int i = 0; i < length; i++)
		out[i] = alphabet[rows_below(draw, nletters)];
	return length;
}

/* One of the strings as it is, in other case, or as a part of a longer one. */
static Datum
make_around(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const TextCandidate *candidate = (const TextCandidate *) value;
	const char *string = candidate->strings[rows_below(draw, candidate->nstrings)];
	char buffer[LONGEST_CANDIDATE + 64];
	int taken = Min((int) strlen(string), LONGEST_CANDIDATE);
	int mode = (int) rows_below(draw, 10);
	int length = 0;

	taken = pg_mbcliplen(string, taken, taken);
	if (mode >= 8 || mode == 5)
		length += write_letters(buffer, 1 + (int) rows_below(draw, 8), draw);
	for (int i = 0; i < taken; i++)
	{
		unsigned char c = string[i];

		if (mode == 3 && c < 128)
			c = toupper(c);
		else if (mode == 4 && c < 128)
			c = tolower(c);
		buffer[length++] = (char) c;
	}
	if (mode >= 6)
		length += write_letters(buffer + length, 1 + (int) rows_below(draw, 8), draw);
	length = pg_mbcharcliplen(buffer, length, candidate->room);
	return rows_make_string(value, buffer, length, arena);
}

/* Letters and digits, of one of the lengths. */
static Datum
make_shape(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const TextCandidate *candidate = (const TextCandidate *) value;
	char buffer[LONGEST_CANDIDATE];
	int length = 0;

	if (candidate->nlengths > 0)
		length = candidate->lengths[rows_below(draw, candidate->nlengths)];
	return rows_make_string(value, buffer, write_letters(buffer, length, draw), arena);
}

static Datum
make_bytes(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const TextCandidate *candidate = (const TextCandidate *) value;
	int length = 0;
	bytea *result;

	if (candidate->nlengths > 0)
		length = candidate->lengths[rows_below(draw, candidate->nlengths)];
	result = rows_alloc(arena, length + VARHDRSZ);
	SET_VARSIZE(result, length + VARHDRSZ);
	for (int i = 0; i < length; i++)
		VARDATA(result)[i] = (char) rows_draw(draw);
	/* get_byte(c, 0) = 1 */
	if (length > 0 && candidate->nnumbers > 0 && (rows_draw(draw) & 1))
		VARDATA(result)[0] = (char) candidate->numbers[rows_below(draw, candidate->nnumbers)];
	return PointerGetDatum(result);
}
