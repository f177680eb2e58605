/*-------------------------------------------------------------------------
 *
 * answer_text.c
 *	  Text of the sidecar's, which is UTF-8, in the encoding of the database.
 *
 * A character that the encoding lacks is shown as <U+4E2D>, and makes no list
 * unreadable; so is one that controls a terminal, but for tabs and ends of
 * lines: notices and errors print texts as they are.  No name of the sidecar's
 * own has a "<", so that this means the character again in the path of a
 * request.  Whoever acts upon another name or text of an answer must ask for
 * an exact one: a table may be called so.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "common/string.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/compat.h"
#include "client/answer.h"

/* Bytes that are converted at a time; what is converted again behind a lacking character is short */
#define MAX_RUN 256

/* Of <U+10FFFF>, and of a character in UTF-8, with their ends */
#define NOTATION_SIZE  16
#define CHARACTER_SIZE (MAX_MULTIBYTE_CHAR_LEN + 1)

typedef struct Conversion
{
	int encoding;
	Oid proc; /* InvalidOid: there is none, or none is needed */
	bool is_utf8;
	bool shows_controls;
	StringInfoData result;
	char *lacking; /* the first character that there is not, as shown; NULL: none */
} Conversion;

static bool is_plain(const Conversion *conversion, char character);
static int add_escape(Conversion *conversion, const char *escape);
static pg_wchar escaped(const char *escape, int *length);
static bool is_shown(const Conversion *conversion, pg_wchar code);
static bool read_code_unit(const char *escape, pg_wchar *unit);
static int add_run(Conversion *conversion, const char *text);
static void add_characters(Conversion *conversion, const char *text, int length);
static void add_notation(Conversion *conversion, pg_wchar code);
static int convert(Conversion *conversion, const char *text, int length);
static int read_notation(const char *text, unsigned char *character);

PG_FUNCTION_INFO_V1(poc_answer_json);

/*
 * _poc.answer_json(text) returns jsonb: JSON that an answer of the sidecar has as a text;
 * its escaped characters are shown as those of the answer.
 */
Datum
poc_answer_json(PG_FUNCTION_ARGS)
{
	char *json = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool is_utf8 = true;
	char *lacking;

	/* what a byte beyond ASCII means depends on the encoding, which is none in SQL_ASCII */
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		is_utf8 = pg_verify_mbstr(PG_UTF8, json, strlen(json), true);
	else
		json = poc_answer_utf8(json);
	json = poc_answer_text(json, strlen(json), is_utf8, true, &lacking);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

/*
 * Returns JSON, in UTF-8 or (of SQL_ASCII) in no encoding, with all of its characters and
 * escapes in the encoding of the database.  *lacking: the first that it lacks, or NULL.
 */
char *
poc_answer_text(const char *json, size_t length, bool is_utf8, bool shows_controls, char **lacking)
{
	Conversion conversion = {.encoding = GetDatabaseEncoding(),
							 .is_utf8 = is_utf8,
							 .shows_controls = shows_controls};
	const char *end = json + length;

	*lacking = NULL;
	if (conversion.encoding == PG_UTF8 && !shows_controls)
		return unconstify(char *, json);
	if (conversion.encoding != PG_SQL_ASCII && conversion.encoding != PG_UTF8)
		conversion.proc = FindDefaultConversionProc(PG_UTF8, conversion.encoding);

	initStringInfo(&conversion.result);
	while (json < end)
	{
		const char *plain = json;

		while (json < end && is_plain(&conversion, *json))
			json++;
		appendBinaryStringInfo(&conversion.result, plain, json - plain);
		CHECK_FOR_INTERRUPTS();
		if (json == end)
			break;
		if (*json == '\\')
			json += add_escape(&conversion, json);
		else if (IS_HIGHBIT_SET(*json))
			json += add_run(&conversion, json);
		else
		{
			add_notation(&conversion, (unsigned char) *json);
			json++;
		}
	}
	*lacking = conversion.lacking;
	return conversion.result.data;
}

/* Controls within strings of JSON are escaped, but DEL. */
static bool
is_plain(const Conversion *conversion, char character)
{
	return character != '\\' && !IS_HIGHBIT_SET(character) &&
		   (character != 0x7f || !conversion->shows_controls);
}

/* As an escape of JSON is converted by PostgreSQL, but for what it would refuse.  Returns its length. */
static int
add_escape(Conversion *conversion, const char *escape)
{
	unsigned char character[CHARACTER_SIZE] = {0};
	int length;
	pg_wchar code = escaped(escape, &length);

	if (is_shown(conversion, code))
		add_notation(conversion, code);
	/* what is no character is for the parser to refuse */
	else if (code < 0x80 || is_utf16_surrogate_first(code) || is_utf16_surrogate_second(code) ||
			 conversion->encoding == PG_UTF8)
		appendBinaryStringInfo(&conversion->result, escape, length);
	else
	{
		unicode_to_utf8(code, character);
		add_characters(conversion, (char *) character, pg_utf_mblen(character));
	}
	return length;
}

/* The character, or one that needs nothing; and the length of the escape */
static pg_wchar
escaped(const char *escape, int *length)
{
	pg_wchar code;
	pg_wchar second;

	*length = 6;
	if (!read_code_unit(escape, &code))
	{
		*length = escape[1] != '\0' && !IS_HIGHBIT_SET(escape[1]) ? 2 : 1;
		return escape[1] == 'b' ? '\b' : escape[1] == 'f' ? '\f' : escape[1] == 'r' ? '\r' : ' ';
	}
	if (is_utf16_surrogate_first(code) && read_code_unit(escape + 6, &second) &&
		is_utf16_surrogate_second(second))
	{
		*length = 12;
		return surrogate_pair_to_codepoint(code, second);
	}
	return code;
}

/* One that controls a terminal, or the direction of text; no text can have U+0000. */
static bool
is_shown(const Conversion *conversion, pg_wchar code)
{
	return conversion->shows_controls && code != '\0' && code != '\t' && code != '\n' &&
		   (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e ||
			code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
			(code >= 0x2066 && code <= 0x2069));
}

/* \u and four digits */
static bool
read_code_unit(const char *escape, pg_wchar *unit)
{
	char digits[5] = {0};

	*unit = 0;
	if (escape[0] != '\\' || escape[1] != 'u')
		return false;
	/* strlcpy() would walk all of the answer */
	for (int i = 0; i < 4 && escape[2 + i] != '\0'; i++)
		digits[i] = escape[2 + i];
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return false;
	*unit = (pg_wchar) strtoul(digits, NULL, 16);
	return true;
}

/* Characters beyond ASCII, of which no byte is in any encoding of a database.  Returns their length. */
static int
add_run(Conversion *conversion, const char *text)
{
	int length = 0;

	if (conversion->is_utf8 && is_shown(conversion, utf8_to_unicode((const unsigned char *) text)))
	{
		add_notation(conversion, utf8_to_unicode((const unsigned char *) text));
		return pg_utf_mblen((const unsigned char *) text);
	}
	while (length < MAX_RUN && IS_HIGHBIT_SET(text[length]))
	{
		const unsigned char *character = (const unsigned char *) text + length;

		if (conversion->is_utf8 && is_shown(conversion, utf8_to_unicode(character)))
			break;
		length += conversion->is_utf8 ? pg_utf_mblen(character) : 1;
	}
	if (conversion->is_utf8)
		add_characters(conversion, text, length);
	else
		appendBinaryStringInfo(&conversion->result, text, length);
	return length;
}

static void
add_characters(Conversion *conversion, const char *text, int length)
{
	while (length > 0)
	{
		int done = convert(conversion, text, length);

		text += done;
		length -= done;
		if (length > 0)
		{
			const unsigned char *character = (const unsigned char *) text;
			pg_wchar code = utf8_to_unicode(character);

			add_notation(conversion, code);
			if (conversion->lacking == NULL)
				conversion->lacking = psprintf("<U+%04X>", code);
			text += pg_utf_mblen(character);
			length -= pg_utf_mblen(character);
		}
	}
}

static void
add_notation(Conversion *conversion, pg_wchar code)
{
	appendStringInfo(&conversion->result, "<U+%04X>", code);
}

/* Appends what can be converted, up to the first character that cannot; returns how many bytes that is. */
static int
convert(Conversion *conversion, const char *text, int length)
{
	unsigned char converted[(MAX_RUN + CHARACTER_SIZE) * MAX_CONVERSION_GROWTH + 1];
	int done;

	if (conversion->encoding == PG_SQL_ASCII || conversion->encoding == PG_UTF8)
	{
		appendBinaryStringInfo(&conversion->result, text, length);
		return length;
	}
	if (!OidIsValid(conversion->proc))
		return 0;
	done = pg_do_encoding_conversion_buf(conversion->proc, PG_UTF8, conversion->encoding,
										 (unsigned char *) unconstify(char *, text), length,
										 converted, sizeof(converted), true);
	appendStringInfoString(&conversion->result, (char *) converted);
	return done;
}

/* Text of this database as UTF-8.  ASCII is that already, also where there is no conversion. */
char *
poc_answer_utf8(char *text)
{
	return pg_is_ascii(text) ? text : pg_server_to_any(text, strlen(text), PG_UTF8);
}

/* A segment of a path as UTF-8, with the characters that are shown as <U+4E2D>. */
char *
poc_answer_key(char *segment)
{
	const char *rest = poc_answer_utf8(segment);
	StringInfoData result;

	if (GetDatabaseEncoding() == PG_UTF8)
		return unconstify(char *, rest);
	initStringInfo(&result);
	while (*rest != '\0')
	{
		unsigned char character[CHARACTER_SIZE] = {0};
		int length = read_notation(rest, character);

		if (length > 0)
			appendStringInfoString(&result, (char *) character);
		else
			appendStringInfoChar(&result, *rest);
		rest += Max(length, 1);
	}
	return result.data;
}

/* Returns the length of a notation as add_characters() writes it; 0: this is none. */
static int
read_notation(const char *text, unsigned char *character)
{
	char canonical[NOTATION_SIZE];
	unsigned int code;

	if (strncmp(text, "<U+", 3) != 0 || sscanf(text, "<U+%6X>", &code) != 1 || code < 0x80 ||
		!is_valid_unicode_codepoint(code) || is_utf16_surrogate_first(code) ||
		is_utf16_surrogate_second(code))
		return 0;
	snprintf(canonical, sizeof(canonical), "<U+%04X>", code);
	if (strncmp(text, canonical, strlen(canonical)) != 0)
		return 0;
	unicode_to_utf8(code, character);
	return strlen(canonical);
}
