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
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/kinds.h"

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
	List *bytes;	  /* of bytea *: what the condition compares with */
	List *separators; /* of char *: strings without letters and digits, each once */
	bool counts_bytes;
} TextCandidate;

static const char *const alphabets[] = {"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
										"0123456789", "0123456789abcdef",
										"abcdefghijklmnopqrstuvwxyz0123456789"};

static void add_length(TextCandidate *candidate, int length);
static Datum make_base64(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static void find_separators(TextCandidate *candidate);
static Datum make_joined(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_around(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_shape(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_bytes(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* The lengths and numbers that the condition mentions. */
static void
note_lengths(TextCandidate *shapes, const RowsMention *mention)
{
	ListCell *cell;

	shapes->lengths = palloc(sizeof(int) * (7 * list_length(mention->numbers) + 5));
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
		add_length(shapes, number <= ROWS_LONGEST_CANDIDATE / 2 ? 2 * number : -1);
		if (number % BITS_PER_BYTE == 0)
			add_length(shapes, number / BITS_PER_BYTE);
	}
	/* what the column's other conditions say of it */
	for (int i = 0; i < list_length(mention->numbers) + 1; i++)
	{
		if (mention->max_length > 0)
			add_length(shapes, i & 1 ? mention->max_length : Max(mention->min_length, 1));
	}
	if (shapes->nlengths == 0)
	{
		add_length(shapes, 1);
		add_length(shapes, 8);
		add_length(shapes, shapes->value.max_length);
	}
}

/* What it says of bytes. */
static void
note_bytes(TextCandidate *shapes, const RowsMention *mention)
{
	ListCell *cell;

	shapes->counts_bytes = mention->counts_bytes;
	foreach (cell, mention->constants)
	{
		Const *constant = lfirst(cell);

		if (constant->consttype == BYTEAOID)
			shapes->bytes = lappend(shapes->bytes, DatumGetByteaPP(constant->constvalue));
	}
	foreach (cell, mention->texts)
	{
		const char *digits = lfirst(cell);

		/* encode(c, 'hex') = '1f8b', of a part of it */
		if (shapes->value.type == BYTEAOID && strspn(digits, "0123456789abcdef") == strlen(digits) &&
			strlen(digits) >= 2 && strlen(digits) % 2 == 0)
			shapes->bytes = lappend(shapes->bytes,
									DatumGetByteaPP(
										DirectFunctionCall1(byteain, CStringGetDatum(
																		 psprintf("\\x%s", digits)))));
	}
}

List *
rows_text_candidates(const RowsValue *like, const RowsMention *mention)
{
	TextCandidate *shapes = palloc0(sizeof(TextCandidate));
	TextCandidate *around;
	List *result;
	ListCell *cell;

	shapes->value = *like;
	shapes->value.make = (like->type == BYTEAOID) ? make_bytes : make_shape;
	shapes->room = ROWS_LONGEST_CANDIDATE;
	if (like->type == NAMEOID)
		shapes->room = NAMEDATALEN - 1;
	else if (like->typmod >= (int32) VARHDRSZ)
		shapes->room = Min(shapes->room, like->typmod - VARHDRSZ);
	note_lengths(shapes, mention);
	note_bytes(shapes, mention);
	result = list_make1(shapes);
	if (like->type != BYTEAOID)
	{
		result = list_concat(result, rows_pattern_candidates(like, mention));
		result = list_concat(result, rows_cast_candidates(like, mention, true));
		result = list_concat(result, rows_part_candidates(like, mention));
		result = list_concat(result, rows_joined_pattern_candidates(like, mention));
	}
	if (mention->texts == NIL || like->type == BYTEAOID)
		return result;

	around = palloc(sizeof(TextCandidate));
	*around = *shapes;
	around->value.make = make_around;
	around->strings = palloc(sizeof(char *) * list_length(mention->texts));
	foreach (cell, mention->texts)
		around->strings[around->nstrings++] = lfirst(cell);
	result = lappend(result, around);
	for (int i = 0; i < around->nstrings; i++)
	{
		TextCandidate *base64;

		if (strcmp(around->strings[i], "base64") != 0)
			continue;
		base64 = palloc(sizeof(TextCandidate));
		*base64 = *shapes;
		base64->value.make = make_base64;
		result = lappend(result, base64);
		break;
	}
	find_separators(around);
	if (around->separators != NIL)
	{
		TextCandidate *joined = palloc(sizeof(TextCandidate));

		*joined = *around;
		joined->value.make = make_joined;
		result = lappend(result, joined);
	}
	return result;
}

/* Short strings of punctuation: what the condition splits others at, or looks for. */
static void
find_separators(TextCandidate *candidate)
{
	for (int i = 0; i < candidate->nstrings; i++)
	{
		const char *string = candidate->strings[i];
		bool is_new;
		ListCell *cell;

		/* what regexp_split_to_array() splits at */
		if (strncmp(string, "\\s", 2) == 0)
			string = " ";
		is_new = *string != '\0' && strlen(string) <= 3;

		for (const char *p = string; *p != '\0'; p++)
			is_new = is_new && !isalnum((unsigned char) *p);
		foreach (cell, candidate->separators)
			is_new = is_new && strcmp(lfirst(cell), string) != 0;
		if (is_new)
			candidate->separators = lappend(candidate->separators, (void *) string);
	}
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
	char buffer[ROWS_LONGEST_CANDIDATE + 64];
	int taken = Min((int) strlen(string), ROWS_LONGEST_CANDIDATE);
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
	if (mode >= 6 && candidate->nlengths > 0 && rows_below(draw, 3) == 0)
	{
		/* up to a length that the condition mentions */
		int whole = candidate->lengths[rows_below(draw, candidate->nlengths)];

		if (whole > length)
			length += write_letters(buffer + length, Min(whole, ROWS_LONGEST_CANDIDATE) - length,
									draw);
	}
	else if (mode >= 6)
		length += write_letters(buffer + length, 1 + (int) rows_below(draw, 8), draw);
	length = pg_mbcharcliplen(buffer, length, candidate->room);
	return rows_make_string(value, buffer, length, arena);
}

/* As base64 of so many bytes. */
static Datum
make_base64(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const TextCandidate *candidate = (const TextCandidate *) value;
	char buffer[2 * ROWS_LONGEST_CANDIDATE];
	int nbytes = 3 * (1 + (int) rows_below(draw, 16));
	int length;

	if (candidate->nnumbers > 0 && rows_below(draw, 4) != 0)
		nbytes = candidate->numbers[rows_below(draw, candidate->nnumbers)];
	nbytes = Min(Max(nbytes, 1), ROWS_LONGEST_CANDIDATE);
	length = (nbytes * 4 + 2) / 3;
	for (int i = 0; i < length; i++)
		buffer[i] = digits[rows_below(draw, 64)];
	/* bits beyond the last byte are zero */
	if (nbytes % 3 != 0)
		buffer[length - 1] = 'A';
	while (length % 4 != 0)
		buffer[length++] = '=';
	return rows_make_string(value, buffer, Min(length, candidate->room), arena);
}

/* Letters, digits, or one of the strings. */
static int
write_piece(char *out, const TextCandidate *candidate, int kind, RowsDraw *draw)
{
	const char *string = candidate->strings[rows_below(draw, candidate->nstrings)];
	int length = (int) strlen(string);

	if (kind == 0)
		return sprintf(out, "%d", (int) rows_below(draw, 10));
	if (kind == 1)
		return sprintf(out, "%d", (int) rows_below(draw, 250));
	if (kind != 2 || !isalnum((unsigned char) *string) || length >= 32)
		return write_letters(out, 2 + (int) rows_below(draw, 7), draw);
	memcpy(out, string, length);
	return length;
}

/* Pieces with the condition's separators between them: each once, or one several times. */
static Datum
make_joined(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const TextCandidate *candidate = (const TextCandidate *) value;
	char buffer[ROWS_LONGEST_CANDIDATE + 64];
	int nseparators = list_length(candidate->separators);
	bool each = nseparators > 1 && (rows_draw(draw) & 1);
	int which = (int) rows_below(draw, nseparators);
	int n = each ? nseparators + 1 : 2 + (int) rows_below(draw, 3);
	int kind = (int) rows_below(draw, 5); /* of all pieces, mostly */
	int length = 0;

	if (!each && candidate->nnumbers > 0 && (rows_draw(draw) & 1))
		n = candidate->numbers[rows_below(draw, candidate->nnumbers)] + (int) rows_below(draw, 2);
	for (int i = 0; i < n && length < ROWS_LONGEST_CANDIDATE - 64; i++)
	{
		int own = (i == 0 && rows_below(draw, 3) == 0) ? 2 : (int) rows_below(draw, 5);

		if (i > 0)
			length += sprintf(buffer + length, "%s",
							  (char *) list_nth(candidate->separators, each ? i - 1 : which));
		length += write_piece(buffer + length, candidate, rows_below(draw, 3) == 0 ? own : kind,
							  draw);
	}
	length = pg_mbcharcliplen(buffer, length, candidate->room);
	return rows_make_string(value, buffer, length, arena);
}

/* Letters and digits, of one of the lengths. */
static Datum
make_shape(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const TextCandidate *candidate = (const TextCandidate *) value;
	char buffer[ROWS_LONGEST_CANDIDATE];
	int length = 0;

	if (candidate->nlengths > 0)
		length = candidate->lengths[rows_below(draw, candidate->nlengths)];
	/* characters of two bytes each */
	if (candidate->counts_bytes && GetDatabaseEncoding() == PG_UTF8 && rows_below(draw, 4) == 0)
	{
		length = Min(length, ROWS_LONGEST_CANDIDATE / 2);
		for (int i = 0; i < length; i++)
			memcpy(buffer + 2 * i, (rows_draw(draw) & 1) ? "\xc3\xa9" : "\xc3\xbc", 2);
		return rows_make_string(value, buffer, 2 * length, arena);
	}
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
	if (candidate->bytes != NIL && (rows_draw(draw) & 1))
	{
		const bytea *begin = list_nth(candidate->bytes,
									  (int) rows_below(draw, list_length(candidate->bytes)));

		memcpy(VARDATA(result), VARDATA_ANY(begin), Min(length, (int) VARSIZE_ANY_EXHDR(begin)));
		return PointerGetDatum(result);
	}
	/* get_byte(c, 0) = 1 */
	if (length > 0 && candidate->nnumbers > 0 && (rows_draw(draw) & 1))
		VARDATA(result)[0] = (char) candidate->numbers[rows_below(draw, candidate->nnumbers)];
	return PointerGetDatum(result);
}
