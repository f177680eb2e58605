/*-------------------------------------------------------------------------
 *
 * candidate_cast.c
 *	  Strings that a condition may accept because another type reads them: a column of
 *	  text that it casts to a date; and uuids and bits, which it may look at as strings.
 *
 * A candidate is only a guess; the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

#define MOST_BITS 1000

/* 8-4-4-4-12 digits, and where the version stands */
#define UUID_LENGTH	 36
#define UUID_VERSION 14

typedef struct CastCandidate
{
	RowsValue value;
	RowsValue *inner; /* makes what the string is read as */
	text *format;	  /* of to_char(); NULL: the type's output */
	FmgrInfo output;
} CastCandidate;

typedef struct FormedCandidate
{
	RowsValue value;
	FmgrInfo input;
	Oid ioparam;
	List *forms;	/* of RowsValue: strings that it begins with */
	List *versions; /* of int */
	List *parts;	/* of RowsMentionPart */
	List *lengths;	/* of int */
} FormedCandidate;

static bool is_read_from_text(Oid type);
static List *formatted(const RowsValue *like, const RowsMention *mention, const char *format);
static CastCandidate *cast_of(const RowsValue *like, RowsValue *inner, Oid type);
static char *write_iso(FmgrInfo *output, Datum datum);
static Datum make_cast(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static FormedCandidate *start_formed(const RowsValue *like);
static Datum read_formed(const FormedCandidate *candidate, char *text, RowsArena *arena);
static void write_digits(char *uuid, int at, const char *string);
static Datum make_uuid_form(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_bits(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* Generators like a text's, of what the condition reads strings as; numbers, too, if wanted. */
List *
rows_cast_candidates(const RowsValue *like, const RowsMention *mention, bool numbers)
{
	RowsMention *inner = palloc(sizeof(RowsMention));
	List *result = NIL;
	ListCell *cell;

	/* strings within the value are not read once more */
	*inner = *mention;
	inner->types = NIL;
	inner->members = NIL;
	foreach (cell, mention->types)
	{
		Oid type = lfirst_oid(cell);
		RowsBounds none;
		RowsValue *any;
		ListCell *other;

		if (!is_read_from_text(type) && !(numbers && rows_is_plain(type)))
			continue;
		rows_init_bounds(&none);
		any = rows_make_value(type, -1, &none, NULL);
		if (any == NULL)
			continue;
		result = lappend(result, cast_of(like, any, type));
		foreach (other, rows_candidates(type, -1, inner))
			result = lappend(result, cast_of(like, lfirst(other), type));
	}
	foreach (cell, mention->formats)
		result = list_concat(result, formatted(like, inner, lfirst(cell)));
	return result;
}

/* Times as to_char() writes them. */
static List *
formatted(const RowsValue *like, const RowsMention *mention, const char *format)
{
	List *generators = rows_candidates(TIMESTAMPOID, -1, mention);
	List *result = NIL;
	RowsBounds none;
	ListCell *cell;

	rows_init_bounds(&none);
	generators = lappend(generators, rows_make_value(TIMESTAMPOID, -1, &none, NULL));
	foreach (cell, generators)
	{
		CastCandidate *candidate = cast_of(like, lfirst(cell), TIMESTAMPOID);

		candidate->format = cstring_to_text(format);
		result = lappend(result, candidate);
	}
	return result;
}

/* Types whose values a document has without quotes. */
bool
rows_is_plain(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
		case BOOLOID:
			return true;
		default:
			return false;
	}
}

/* Types whose values look like what people write into a string. */
static bool
is_read_from_text(Oid type)
{
	switch (type)
	{
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
		case UUIDOID:
		case INETOID:
		case CIDROID:
		case MACADDROID:
		case JSONOID:
		case JSONBOID:
			return true;
		default:
			return false;
	}
}

static CastCandidate *
cast_of(const RowsValue *like, RowsValue *inner, Oid type)
{
	CastCandidate *candidate = palloc0(sizeof(CastCandidate));
	Oid output;
	bool varlena;

	getTypeOutputInfo(type, &output, &varlena);
	fmgr_info(output, &candidate->output);
	candidate->value = *like;
	candidate->value.make = make_cast;
	candidate->inner = inner;
	return candidate;
}

/* The type's output; of times the same in each session. */
static char *
write_iso(FmgrInfo *output, Datum datum)
{
	int style = DateStyle;
	char *volatile text = NULL;

	PG_TRY();
	{
		DateStyle = USE_ISO_DATES;
		text = OutputFunctionCall(output, datum);
	}
	PG_FINALLY();
	{
		DateStyle = style;
	}
	PG_END_TRY();
	return text;
}

static Datum
make_cast(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const CastCandidate *candidate = (const CastCandidate *) value;
	Datum datum = candidate->inner->make(candidate->inner, draw, arena);
	MemoryContext old = MemoryContextSwitchTo(arena->context);
	char *string = candidate->format == NULL
					   ? write_iso((FmgrInfo *) &candidate->output, datum)
					   : text_to_cstring(DatumGetTextPP(
							 DirectFunctionCall2Coll(timestamp_to_char, DEFAULT_COLLATION_OID,
													 datum, PointerGetDatum(candidate->format))));
	int room = value->typmod >= (int32) VARHDRSZ ? value->typmod - VARHDRSZ : MaxAllocSize;

	MemoryContextSwitchTo(old);
	return rows_make_string(value, string, Min((int) strlen(string), room), arena);
}

/* ---- what an input function reads ---- */

static FormedCandidate *
start_formed(const RowsValue *like)
{
	FormedCandidate *candidate = palloc0(sizeof(FormedCandidate));
	Oid input;

	candidate->value = *like;
	getTypeInputInfo(like->type, &input, &candidate->ioparam);
	fmgr_info(input, &candidate->input);
	return candidate;
}

static Datum
read_formed(const FormedCandidate *candidate, char *text, RowsArena *arena)
{
	MemoryContext old = MemoryContextSwitchTo(arena->context);
	Datum result = InputFunctionCall((FmgrInfo *) &candidate->input, text, candidate->ioparam,
									 candidate->value.typmod);

	MemoryContextSwitchTo(old);
	return result;
}

/* ---- uuid ---- */

List *
rows_uuid_candidates(const RowsValue *like, const RowsMention *mention)
{
	FormedCandidate *candidate = start_formed(like);
	ListCell *cell;

	candidate->value.make = make_uuid_form;
	candidate->parts = mention->parts;
	foreach (cell, mention->patterns)
	{
		RowsPatternBound *pattern = lfirst(cell);
		RowsBounds none;
		RowsValue *form;

		rows_init_bounds(&none);
		none.max_length = UUID_LENGTH;
		form = rows_make_value(TEXTOID, -1, &none, NULL);
		if (rows_init_regex(form, pattern->text, pattern->kind, &none))
			candidate->forms = lappend(candidate->forms, form);
	}
	foreach (cell, mention->numbers)
	{
		if (lfirst_int(cell) > 0 && lfirst_int(cell) < 9)
			candidate->versions = lappend_int(candidate->versions, lfirst_int(cell));
	}
	foreach (cell, mention->texts)
	{
		const char *text = lfirst(cell);

		if (strlen(text) == 1 && *text > '0' && *text < '9')
			candidate->versions = lappend_int(candidate->versions, *text - '0');
	}
	return list_make1(candidate);
}

/* Write a string into it, from a place on, as far as it fits. */
static void
write_digits(char *uuid, int at, const char *string)
{
	for (int i = 0; string[i] != '\0' && at + i >= 0 && at + i < UUID_LENGTH; i++)
	{
		if ((uuid[at + i] == '-') != (string[i] == '-') ||
			(string[i] != '-' && !isxdigit((unsigned char) string[i])))
			return;
		uuid[at + i] = string[i];
	}
}

/* A random one that begins with a string of the condition, or is of its version. */
static Datum
make_uuid_form(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const FormedCandidate *candidate = (const FormedCandidate *) value;
	char uuid[UUID_LENGTH + 1] = {0};
	int version = 1 + (int) rows_below(draw, 8);

	for (int i = 0; i < UUID_LENGTH; i++)
		uuid[i] = "0123456789abcdef"[rows_below(draw, 16)];
	uuid[8] = uuid[13] = uuid[18] = uuid[23] = '-';
	if (candidate->versions != NIL && rows_below(draw, 4) != 0)
		version = list_nth_int(candidate->versions,
							   (int) rows_below(draw, list_length(candidate->versions)));
	uuid[UUID_VERSION] = (char) ('0' + version);
	uuid[19] = "89ab"[rows_below(draw, 4)];
	if (candidate->forms != NIL && rows_below(draw, 4) != 0)
	{
		RowsValue *form = list_nth(candidate->forms,
								   (int) rows_below(draw, list_length(candidate->forms)));
		char *begin = TextDatumGetCString(form->make(form, draw, arena));

		write_digits(uuid, 0, begin);
		pfree(begin);
	}
	if (candidate->parts != NIL)
	{
		const RowsMentionPart *part = list_nth(candidate->parts,
											   (int) rows_below(draw, list_length(candidate->parts)));

		if (part->text != NULL && part->separator == NULL)
			write_digits(uuid, part->from > 0 ? part->from - 1 : UUID_LENGTH + part->from,
						 part->text);
	}
	return read_formed(candidate, uuid, arena);
}

/* ---- bits ---- */

List *
rows_bit_candidates(const RowsValue *like, const RowsMention *mention)
{
	FormedCandidate *candidate = start_formed(like);

	if (like->type == BITOID && like->typmod > MOST_BITS)
		return NIL;
	candidate->value.make = make_bits;
	candidate->lengths = mention->numbers;
	return list_make1(candidate);
}

/* As many as the type has, or as the condition says. */
static Datum
make_bits(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const FormedCandidate *candidate = (const FormedCandidate *) value;
	char text[MOST_BITS + 1];
	int length = 1 + (int) rows_below(draw, 8);
	int least = (int) rows_below(draw, 3); /* of three: the share of ones */

	if (candidate->lengths != NIL && rows_below(draw, 4) != 0)
		length = list_nth_int(candidate->lengths,
							  (int) rows_below(draw, list_length(candidate->lengths)));
	if (value->typmod > 0)
		length = value->type == BITOID ? value->typmod : Min(length, value->typmod);
	length = Min(Max(length, 0), MOST_BITS);
	for (int i = 0; i < length; i++)
		text[i] = (int) rows_below(draw, 4) <= least ? '1' : '0';
	text[length] = '\0';
	return read_formed(candidate, text, arena);
}
