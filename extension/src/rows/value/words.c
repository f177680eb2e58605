/*-------------------------------------------------------------------------
 *
 * words.c
 *	  Values suggested by the names of columns: email, city, price, ...
 *
 * Makes ASCII only.  A hint never exceeds what the type or a CHECK allows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"
#include "rows/value/hints.h"
#include "rows/value/kinds.h"
#include "rows/value/word_lists.h"

/* Digits of the number in a counted text. */
#define LEAST_DIGITS  8
#define MOST_DIGITS	  18
#define LONGEST_WORDS 200
/* ... a word of a list, or an IBAN */
#define LONGEST_WORD 64
#define IBAN_LENGTH	 22

/* A text that CHECKs reject so often is made without what its name suggests, every other time. */
#define PLAIN_AFTER_ATTEMPTS 20

static void hint_text(RowsValue *value, RowsBounds *bounds, const char *column);
static bool tells_case(Oid type);
static void measure(const char *form, int *shortest, int *longest);
static int write_words(const char *form, char *out, RowsDraw *draw);
static int write_iban(char *out, RowsDraw *draw);
static const WordList *codes_of(const char *form);
static Datum make_words(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_words(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_words(const RowsValue *value, Datum datum, uint64 *ordinal);
static Datum encode_code(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_code(const RowsValue *value, Datum datum, uint64 *ordinal);

/* Use the name of the column to choose the contents, if nothing else determines them. */
void
rows_hint(RowsValue *value, RowsBounds *bounds, const char *column)
{
	bool is_text = value->is_text || value->type == BPCHAROID;

	if (value->nchoices > 0 || column == NULL)
		return;
	/* what has both ends is a range that somebody has chosen; "price > 0" is not */
	if (is_text ? bounds->lows != NIL || bounds->highs != NIL
				: bounds->lows != NIL && bounds->highs != NIL)
		return;
	if (is_text)
		hint_text(value, bounds, column);
	else if (value->from_int != NULL && rows_hint_number(value, bounds, column))
		value->detail = psprintf("as the name \"%s\" suggests", column);
}

static void
hint_text(RowsValue *value, RowsBounds *bounds, const char *column)
{
	const char *forms[ROWS_TEXT_FORMS];
	int nforms = rows_text_forms(column, bounds->subject, forms);
	int room = bounds->max_length;

	if (value->typmod >= (int32) VARHDRSZ && (room < 0 || value->typmod - VARHDRSZ < room))
		room = value->typmod - VARHDRSZ;
	for (int i = 0; i < nforms; i++)
	{
		const char *form = forms[i];
		int shortest;
		int longest;

		if (room == 3 && strcmp(form, "%O") == 0)
			form = "%Q";
		measure(form, &shortest, &longest);
		if (shortest < bounds->min_length || (room >= 0 && longest > room))
			continue;
		value->name = "words";
		value->detail = psprintf("as the name \"%s\" suggests", column);
		value->pattern = form;
		value->room = (room < 0) ? LONGEST_WORDS : Min(room, LONGEST_WORDS);
		value->plain = value->make;
		value->make = make_words;
		if (codes_of(form) != NULL && value->encode != NULL && tells_case(value->type))
		{
			value->counted_plain = value->encode;
			value->decoded_plain = value->decode;
			value->encode = encode_code;
			value->decode = decode_code;
		}
		else if (value->type != BPCHAROID)
		{
			/* an address keeps its end; other words may be cut for the number */
			int digits = room < 0 ? MOST_DIGITS : room - 1 - (strchr(form, '@') ? longest : 0);

			if (digits >= LEAST_DIGITS)
			{
				value->encode = encode_words;
				value->decode = decode_words;
				value->capacity = 1;
				for (int j = 0; j < Min(digits, MOST_DIGITS); j++)
					value->capacity *= 10;
				value->capacity--;
			}
		}
		return;
	}
}

/* Are small and capital letters different?  Not in citext, for example. */
static bool
tells_case(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
}

/* The lengths of what a form makes. */
static void
measure(const char *form, int *shortest, int *longest)
{
	*shortest = *longest = 0;
	for (const char *p = form; *p != '\0'; p++)
	{
		int least = 1;
		int most = 1;

		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '$')
			least = most = IBAN_LENGTH;
		else if (*p == '%' && *++p != 'h')
		{
			const WordList *list = rows_word_list(*p);

			least = LONGEST_WORDS;
			for (int i = 0; i < list->nwords; i++)
			{
				least = Min(least, (int) strlen(list->words[i]));
				most = Max(most, (int) strlen(list->words[i]));
			}
		}
		else if (*p == 'h')
			most = least = (p > form && p[-1] == '%') ? 2 : 1;
		*shortest += least;
		*longest += most;
	}
}

/* %X: a word of list X, with a small letter in small letters; # a digit, ? a capital letter, %h two
 * hexadecimal digits, $ an IBAN,
 * \\ takes the next character as it is. */
static int
write_words(const char *form, char *out, RowsDraw *draw)
{
	char *start = out;

	for (const char *p = form; *p != '\0' && out - start < LONGEST_WORDS - LONGEST_WORD; p++)
	{
		if (*p == '%' && p[1] == 'h')
		{
			uint64 number = rows_below(draw, 256);

			*out++ = "0123456789abcdef"[number >> 4];
			*out++ = "0123456789abcdef"[number & 15];
			p++;
		}
		else if (*p == '%')
		{
			const WordList *list = rows_word_list(*++p);
			const char *word = list->words[rows_below(draw, list->nwords)];
			bool lower = islower((unsigned char) *p);
			bool upper = (*p == 'W');

			for (; *word != '\0'; word++)
			{
				*out++ = lower	 ? pg_ascii_tolower((unsigned char) *word)
						 : upper ? pg_ascii_toupper((unsigned char) *word)
								 : *word;
				upper = false;
			}
		}
		else if (*p == '\\' && p[1] != '\0')
			*out++ = *++p;
		else if (*p == '$')
			out += write_iban(out, draw);
		else if (*p == '#')
			*out++ = '0' + (char) rows_below(draw, 10);
		else if (*p == '?')
			*out++ = 'A' + (char) rows_below(draw, 26);
		else
			*out++ = *p;
	}
	return out - start;
}

/* A German one, whose check digits are right (ISO 7064, modulus 97); there is no such bank. */
static int
write_iban(char *out, RowsDraw *draw)
{
	int rest = 0;

	memcpy(out, "DE00", 4);
	for (int i = 4; i < IBAN_LENGTH; i++)
	{
		out[i] = i < 12 ? '0' + (i % 2) * 9 : '0' + (char) rows_below(draw, 10);
		rest = (rest * 10 + out[i] - '0') % 97;
	}
	/* D is 13, E is 14, and 00 for the check digits */
	rest = 98 - (int) (((int64) rest * 1000000 + 131400) % 97);
	out[2] = '0' + rest / 10;
	out[3] = '0' + rest % 10;
	return IBAN_LENGTH;
}

/* The codes that a form consists of; NULL if it is of something else. */
static const WordList *
codes_of(const char *form)
{
	if (form[0] != '%' || strchr("EeMOQU", form[1]) == NULL || form[2] != '\0')
		return NULL;
	return rows_word_list(form[1]);
}

static Datum
put_text(const RowsValue *value, const char *data, int length, RowsArena *arena)
{
	char *text;
	Datum result;

	length = Min(length, value->room);
	result = rows_start_text(value, length, arena, &text);
	memcpy(text, data, length);
	return result;
}

static Datum
make_words(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	char buffer[LONGEST_WORDS];

	if (unlikely(draw->attempt > PLAIN_AFTER_ATTEMPTS) && draw->attempt % 2 == 0 &&
		value->plain != NULL)
		return value->plain(value, draw, arena);
	return put_text(value, buffer, write_words(value->pattern, buffer, draw), arena);
}

static bool
is_small(const RowsValue *value)
{
	return value->pattern[1] == 'e';
}

/* The codes there are, and then what a text without them would be. */
static Datum
encode_code(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	const WordList *codes = codes_of(value->pattern);
	Datum plain;

	if (ordinal < (uint64) codes->nwords)
		return put_text(value, codes->words[ordinal], strlen(codes->words[ordinal]), arena);
	plain = value->counted_plain(value, ordinal - codes->nwords, draw, arena);
	/* a code of small letters might be a number in base 36 as well */
	if (is_small(value))
	{
		char *data = VARDATA_ANY(DatumGetPointer(plain));

		for (int i = 0; i < (int) VARSIZE_ANY_EXHDR(DatumGetPointer(plain)); i++)
			data[i] = pg_ascii_toupper((unsigned char) data[i]);
	}
	return plain;
}

static bool
decode_code(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	const WordList *codes = codes_of(value->pattern);
	struct varlena *text = PG_DETOAST_DATUM_PACKED(datum);
	const char *data = VARDATA_ANY(text);
	int length = VARSIZE_ANY_EXHDR(text);

	while (value->type == BPCHAROID && length > 0 && data[length - 1] == ' ')
		length--;
	for (int i = 0; i < codes->nwords; i++)
	{
		if ((int) strlen(codes->words[i]) == length && memcmp(codes->words[i], data, length) == 0)
		{
			*ordinal = i;
			return true;
		}
	}
	if (is_small(value))
	{
		text = cstring_to_text_with_len(data, length);
		for (int i = 0; i < length; i++)
			VARDATA(text)[i] = pg_ascii_tolower((unsigned char) data[i]);
		datum = PointerGetDatum(text);
	}
	if (!value->decoded_plain(value, datum, ordinal))
		return false;
	*ordinal += codes->nwords;
	return true;
}

/* Put the number before the @ of an address, otherwise at the end. */
static Datum
encode_words(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	char buffer[LONGEST_WORDS + 32];
	char number[32];
	int digits = snprintf(number, sizeof(number), ".%llu", (unsigned long long) ordinal + 1);
	int room = value->room - digits;
	int length = Min(write_words(value->pattern, buffer, draw), room);
	char *at = memchr(buffer, '@', length);
	int before = (at != NULL) ? at - buffer : length;

	memmove(buffer + before + digits, buffer + before, length - before);
	memcpy(buffer + before, number, digits);
	return put_text(value, buffer, length + digits, arena);
}

static bool
decode_words(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	struct varlena *text = PG_DETOAST_DATUM_PACKED(datum);
	const char *data = VARDATA_ANY(text);
	int length = VARSIZE_ANY_EXHDR(text);
	const char *at = memchr(data, '@', length);
	int end = (at != NULL) ? at - data : length;
	int start = end;
	uint64 number = 0;

	while (start > 0 && end - start < 18 && isdigit((unsigned char) data[start - 1]))
		start--;
	if (start == end || start == 0 || data[start - 1] != '.')
		return false;
	for (int i = start; i < end; i++)
		number = number * 10 + (data[i] - '0');
	*ordinal = number - 1;
	return number > 0;
}
