/*-------------------------------------------------------------------------
 *
 * prefer_form.c
 *	  The form of a string: which of its letters and digits may be others, if the
 *	  conditions of a unique column accept it.
 *
 * Conditions that no pattern expresses, such as several patterns joined by OR, or letters
 * that must not occur, are counted by the form of one example.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/formatting.h"

#include "base/compat.h"
#include "rows/plan/steps.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

#define LONGEST_EXAMPLE 64

#define DIGITS	"0123456789"
#define CAPITAL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SMALL	"abcdefghijklmnopqrstuvwxyz"

static bool write_form(StringInfo form, const char *example, bool wide, RowsAccepts accepts,
					   void *context);
static const char *letters_like(char c, bool wide);

/* The string as it is, or in one case, whichever the conditions accept first; NULL: none. */
char *
rows_example_of(char *string, RowsAccepts accepts, void *context)
{
	char *folded;

	if (accepts(context, CStringGetTextDatum(string)))
		return string;
	folded = asc_tolower(string, strlen(string));
	if (accepts(context, CStringGetTextDatum(folded)))
		return folded;
	folded = asc_toupper(string, strlen(string));
	return accepts(context, CStringGetTextDatum(folded)) ? folded : NULL;
}

/* NULL: it has none, or too few strings are of it. */
RowsValue *
rows_form_of_example(const RowsValue *like, const char *example, RowsAccepts accepts, void *context)
{
	for (int wide = 0; wide < 2; wide++)
	{
		RowsValue *value = palloc(sizeof(RowsValue));
		StringInfoData form;
		RowsBounds none;

		initStringInfo(&form);
		if (!write_form(&form, example, wide, accepts, context))
			return NULL;
		rows_init_bounds(&none);
		*value = *like;
		if (rows_init_regex(value, form.data, ROWS_PATTERN_REGEX, &none) && value->encode != NULL &&
			value->capacity >= ROWS_ENOUGH_STRINGS)
			return value;
	}
	return NULL;
}

/* As a regular expression; false: the string is too long, or of other letters than those of ASCII. */
static bool
write_form(StringInfo form, const char *example, bool wide, RowsAccepts accepts, void *context)
{
	char *other = pstrdup(example);
	int length = strlen(example);

	if (length == 0 || length > LONGEST_EXAMPLE)
		return false;
	appendStringInfoChar(form, '^');
	for (int i = 0; i < length; i++)
	{
		const char *letters = letters_like(example[i], wide);

		if (!isascii((unsigned char) example[i]) || !isprint((unsigned char) example[i]))
			return false;
		if (*letters == '\0')
		{
			appendStringInfo(form, "\\%c", example[i]);
			continue;
		}
		appendStringInfoChar(form, '[');
		for (const char *c = letters; *c != '\0'; c++)
		{
			other[i] = *c;
			if (*c == example[i] || accepts(context, CStringGetTextDatum(other)))
				appendStringInfoChar(form, *c);
		}
		other[i] = example[i];
		appendStringInfoChar(form, ']');
	}
	appendStringInfoChar(form, '$');
	pfree(other);
	return true;
}

/* Letters that may stand in its place; none in that of punctuation. */
static const char *
letters_like(char c, bool wide)
{
	if (!isascii((unsigned char) c) || !isalnum((unsigned char) c))
		return "";
	if (wide)
		return isdigit((unsigned char) c)	? DIGITS CAPITAL SMALL
			   : isupper((unsigned char) c) ? CAPITAL DIGITS SMALL
											: SMALL DIGITS CAPITAL;
	return isdigit((unsigned char) c) ? DIGITS : isupper((unsigned char) c) ? CAPITAL : SMALL;
}
