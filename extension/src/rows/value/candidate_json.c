/*-------------------------------------------------------------------------
 *
 * candidate_json.c
 *	  JSON documents that a condition may accept: with the members that it looks at
 *	  (mention_json.c), and values of them (candidate_member.c).
 *
 * A candidate is only a guess; the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

#define DEEPEST_MEMBER 8

/* Elements of an array. */
#define USUAL_ARRAY	  12
#define LONGEST_ARRAY 100

/* Bytes, from which on arrays have no more elements: those of arrays multiply. */
#define LONG_DOCUMENT (64 * 1024)

typedef struct JsonCandidate
{
	RowsValue value;
	const RowsMention *mention;
	List *members; /* of rows_prepare_members() */
	List *strings; /* of RowsValue: text that follows patterns */
} JsonCandidate;

static Datum make_json(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static void write_members(StringInfo out, List *paths, int depth, const JsonCandidate *json,
						  RowsDraw *draw, RowsArena *arena);
static void write_elements(StringInfo out, List *paths, int depth, const JsonCandidate *json,
						   RowsDraw *draw, RowsArena *arena);
static void write_any(StringInfo out, const JsonCandidate *json, RowsDraw *draw, RowsArena *arena);
static void write_string(StringInfo out, const JsonCandidate *json, RowsDraw *draw, RowsArena *arena);
static void write_array(StringInfo out, const JsonCandidate *json, RowsDraw *draw, RowsArena *arena);
static int some_length(const RowsMention *mention, int other, RowsDraw *draw);
static int some_number(const RowsMention *mention, RowsDraw *draw);

List *
rows_json_candidates(const RowsValue *like, const RowsMention *mention)
{
	JsonCandidate *candidate = palloc0(sizeof(JsonCandidate));
	RowsBounds none;
	Oid input;
	ListCell *cell;

	candidate->value = *like;
	candidate->value.make = make_json;
	candidate->mention = mention;
	candidate->members = rows_prepare_members(mention);
	foreach (cell, mention->patterns)
	{
		RowsPatternBound *pattern = lfirst(cell);
		RowsValue *string;

		rows_init_bounds(&none);
		string = rows_make_value(TEXTOID, -1, &none, NULL);
		if (rows_init_regex(string, pattern->text, pattern->kind, &none))
			candidate->strings = lappend(candidate->strings, string);
	}
	rows_init_bounds(&none);
	candidate->strings = list_concat(candidate->strings,
									 rows_cast_candidates(rows_make_value(TEXTOID, -1, &none, NULL),
														  mention, false));
	getTypeInputInfo(like->type, &input, &candidate->value.ioparam);
	fmgr_info(input, &candidate->value.input);
	return list_make1(candidate);
}

static Datum
make_json(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const JsonCandidate *json = (const JsonCandidate *) value;
	const RowsMention *mention = json->mention;
	/* what is read needs many times its size */
	MemoryContext reading = AllocSetContextCreate(arena->context, "poc_barman document",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(reading);
	StringInfoData out;
	Datum result;

	initStringInfo(&out);
	if (mention->paths != NIL && rows_below(draw, 8) != 0)
		write_members(&out, mention->paths, 0, json, draw, arena);
	else
		write_any(&out, json, draw, arena);
	result = InputFunctionCall((FmgrInfo *) &value->input, out.data, value->ioparam, value->typmod);
	MemoryContextSwitchTo(arena->context);
	result = datumCopy(result, false, -1);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(reading);
	return result;
}

/* An object with the members at this depth of the paths. */
static void
write_members(StringInfo out, List *paths, int depth, const JsonCandidate *json, RowsDraw *draw,
			  RowsArena *arena)
{
	List *written = NIL;
	bool sparse = rows_below(draw, 10) == 0;
	ListCell *cell;

	if (strcmp(list_nth(linitial(paths), depth), ROWS_JSON_ELEMENTS) == 0)
	{
		write_elements(out, paths, depth, json, draw, arena);
		return;
	}
	appendStringInfoChar(out, '{');
	/* some of the members may be forbidden */
	if (sparse)
		appendStringInfo(out, "\"word%d\": %d", (int) rows_below(draw, 1000),
						 (int) rows_below(draw, 100));
	foreach (cell, paths)
	{
		const char *key = list_nth(lfirst(cell), depth);
		List *deeper = NIL;
		ListCell *other;
		bool again = false;

		foreach (other, written)
			again |= strcmp(lfirst(other), key) == 0;
		if (again || (sparse && (rows_draw(draw) & 1)))
			continue;
		foreach (other, paths)
		{
			List *path = lfirst(other);

			if (strcmp(list_nth(path, depth), key) == 0 && list_length(path) > depth + 1)
				deeper = lappend(deeper, path);
		}
		if (written != NIL || sparse)
			appendStringInfoString(out, ", ");
		rows_append_quoted(out, key);
		appendStringInfoString(out, ": ");
		if (deeper != NIL && depth < DEEPEST_MEMBER && rows_below(draw, 8) != 0)
			write_members(out, deeper, depth + 1, json, draw, arena);
		else if (json->members == NIL || rows_below(draw, 8) == 0 ||
				 !rows_write_member(out, json->members, lfirst(cell), depth, draw, arena))
			write_any(out, json, draw, arena);
		written = lappend(written, (void *) key);
	}
	appendStringInfoChar(out, '}');
}

/* An array whose elements have the members at the next depth of the paths. */
static void
write_elements(StringInfo out, List *paths, int depth, const JsonCandidate *json, RowsDraw *draw,
			   RowsArena *arena)
{
	int n = some_length(json->mention, 1 + (int) rows_below(draw, 3), draw);
	List *deeper = NIL;
	ListCell *cell;

	foreach (cell, paths)
	{
		List *path = lfirst(cell);

		if (list_length(path) > depth + 1 && strcmp(list_nth(path, depth), ROWS_JSON_ELEMENTS) == 0)
			deeper = lappend(deeper, path);
	}
	appendStringInfoChar(out, '[');
	for (int i = 0; i < n && out->len < LONG_DOCUMENT; i++)
	{
		if (i > 0)
			appendStringInfoString(out, ", ");
		if (deeper != NIL && depth < DEEPEST_MEMBER)
			write_members(out, deeper, depth + 1, json, draw, arena);
		else
			write_any(out, json, draw, arena);
	}
	appendStringInfoChar(out, ']');
}

/* Any value, of the condition's constants where it has some. */
static void
write_any(StringInfo out, const JsonCandidate *json, RowsDraw *draw, RowsArena *arena)
{
	const RowsMention *mention = json->mention;

	switch (rows_below(draw, 20))
	{
		case 0:
			appendStringInfoString(out, "{}");
			break;
		case 1:
			if (rows_draw(draw) & 1)
				appendStringInfo(out, "{\"id\": %d}", 1 + (int) rows_below(draw, 1000));
			else
				appendStringInfo(out, "{\"name\": \"word%d\", \"value\": %d}",
								 (int) rows_below(draw, 1000), (int) rows_below(draw, 100));
			break;
		case 2:
		case 3:
			write_array(out, json, draw, arena);
			break;
		case 4:
			appendStringInfoString(out, (rows_draw(draw) & 1) ? "true" : "false");
			break;
		case 5:
			appendStringInfoString(out, rows_below(draw, 4) == 0 ? "null" : "\"text\"");
			break;
		case 6:
		case 7:
		case 8:
		case 9:
		case 10:
		case 11:
			appendStringInfo(out, "%d", some_number(mention, draw));
			break;
		default:
			if (list_member_oid(mention->types, BOOLOID) && rows_below(draw, 3) == 0)
				appendStringInfoString(out, (rows_draw(draw) & 1) ? "true" : "false");
			else
				write_string(out, json, draw, arena);
			break;
	}
}

static void
write_string(StringInfo out, const JsonCandidate *json, RowsDraw *draw, RowsArena *arena)
{
	List *texts = json->mention->texts;

	if (json->strings != NIL && (rows_draw(draw) & 1))
	{
		RowsValue *string = list_nth(json->strings,
									 (int) rows_below(draw, list_length(json->strings)));

		rows_append_quoted(out, TextDatumGetCString(string->make(string, draw, arena)));
	}
	else if (texts != NIL && rows_below(draw, 4) != 0)
		rows_append_quoted(out, list_nth(texts, (int) rows_below(draw, list_length(texts))));
	else
		appendStringInfo(out, "\"word%d\"", (int) rows_below(draw, 1000));
}

/* Numbers, strings or objects, as many as the condition says, but not many of themselves. */
static void
write_array(StringInfo out, const JsonCandidate *json, RowsDraw *draw, RowsArena *arena)
{
	int kind = (int) rows_below(draw, 4);
	int n = some_length(json->mention, (int) rows_below(draw, 4), draw);

	appendStringInfoChar(out, '[');
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoString(out, ", ");
		if (kind < 2)
			appendStringInfo(out, "%d", (int) rows_below(draw, 100));
		else if (kind == 2)
			write_string(out, json, draw, arena);
		else
			appendStringInfo(out, "{\"id\": %d}", i + 1);
	}
	appendStringInfoChar(out, ']');
}

/* As many elements as the condition says, or another number of them; large ones cost time. */
static int
some_length(const RowsMention *mention, int other, RowsDraw *draw)
{
	int most = rows_below(draw, 16) == 0 ? LONGEST_ARRAY : USUAL_ARRAY;
	int n = mention->numbers != NIL && (rows_draw(draw) & 1) ? some_number(mention, draw) : other;

	return n < 0 || n > most ? other : n;
}

/* A number that the condition mentions, or one beside it. */
static int
some_number(const RowsMention *mention, RowsDraw *draw)
{
	if (mention->numbers == NIL || rows_below(draw, 3) == 0)
		return (int) rows_below(draw, rows_below(draw, 2) == 0 ? 4 : 1000);
	return list_nth_int(mention->numbers, (int) rows_below(draw, list_length(mention->numbers))) +
		   (int) rows_below(draw, 3) - 1;
}
