/*-------------------------------------------------------------------------
 *
 * candidate_form.c
 *	  Values that are written as text and that a condition may accept: geometric ones
 *	  with its numbers, labels of an ltree, members of an hstore, rows.
 *
 * A candidate is only a guess; the condition itself decides.  Its text must always be one
 * that the type's input function reads.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/kinds.h"
#include "rows/value/type.h"

typedef struct FormCandidate
{
	RowsValue value;
	const RowsMention *mention;
	List **fields; /* of a row: lists of RowsValue */
} FormCandidate;

static List *geometries(const RowsValue *like, bool has_srid, const RowsMention *mention);
static Datum make_geometric(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_labels(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_members(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_elements(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum make_row(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* For the types of pattern.c, by name. */
List *
rows_form_candidates(const RowsValue *like, const char *type, const RowsMention *mention)
{
	static const struct
	{
		const char *type;
		RowsMake make;
	} forms[] = {
		{"point", make_geometric},	 {"box", make_geometric},  {"circle", make_geometric},
		{"lseg", make_geometric},	 {"path", make_geometric}, {"line", make_geometric},
		{"polygon", make_geometric}, {"cube", make_geometric}, {"ltree", make_labels},
		{"hstore", make_members},	 {"xml", make_elements},
	};

	if (strcmp(type, "geometry") == 0 || strcmp(type, "geography") == 0)
		return geometries(like, strcmp(type, "geometry") == 0, mention);
	for (int i = 0; i < lengthof(forms); i++)
	{
		FormCandidate *candidate;

		if (strcmp(forms[i].type, type) != 0 || like->pattern == NULL)
			continue;
		candidate = palloc0(sizeof(FormCandidate));
		candidate->value = *like;
		candidate->value.make = forms[i].make;
		candidate->mention = mention;
		return list_make1(candidate);
	}
	return NIL;
}

/* Shapes and spatial reference systems that the condition names. */
static List *
geometries(const RowsValue *like, bool has_srid, const RowsMention *mention)
{
	static const char *const shapes[] =
		{"",		   "POINT",			  "LINESTRING",	  "POLYGON",
		 "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};
	List *srids = list_make1_int(0);
	List *result = NIL;
	bool named = false;
	ListCell *cell;

	if (like->pattern == NULL)
		return NIL;
	foreach (cell, mention->numbers)
	{
		if (has_srid && lfirst_int(cell) > 1000 && lfirst_int(cell) < 100000)
			srids = lcons_int(lfirst_int(cell), srids);
	}
	for (int pass = 0; pass < 2 && !named; pass++)
	{
		for (int shape = 1; shape < lengthof(shapes); shape++)
		{
			bool wanted = pass == 1; /* none is named: try all */

			foreach (cell, mention->texts)
			{
				const char *text = lfirst(cell);

				if (pg_strncasecmp(text, "ST_", 3) == 0)
					text += 3;
				wanted |= pg_strcasecmp(text, shapes[shape]) == 0;
			}
			if (!wanted)
				continue;
			named = true;
			foreach (cell, srids)
			{
				RowsValue *value = palloc(sizeof(RowsValue));

				*value = *like;
				rows_init_pattern(value, rows_geometry_form(shape, lfirst_int(cell), false, false));
				result = lappend(result, value);
			}
		}
	}
	return result;
}

/* Read a text that the type's input function is known to accept. */
static Datum
read_form(const RowsValue *value, char *text, RowsArena *arena)
{
	MemoryContext old = MemoryContextSwitchTo(arena->context);
	Datum result = InputFunctionCall((FmgrInfo *) &value->input, text, value->ioparam, value->typmod);

	MemoryContextSwitchTo(old);
	return result;
}

/* The type's form, with numbers up to those of the condition. */
static Datum
make_geometric(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const RowsMention *mention = ((const FormCandidate *) value)->mention;
	StringInfoData text;
	int most = 10;

	if (mention->numbers != NIL)
		most = list_nth_int(mention->numbers, (int) rows_below(draw, list_length(mention->numbers)));
	initStringInfo(&text);
	for (const char *p = value->pattern; *p != '\0';)
	{
		if (!isdigit((unsigned char) *p) && *p != '#')
		{
			appendStringInfoChar(&text, *p++);
			continue;
		}
		while (isdigit((unsigned char) *p) || *p == '#' || *p == '.')
			p++;
		appendStringInfo(&text, "%.2f",
						 rows_unit(draw) * (rows_below(draw, 4) == 0 ? 1000 : most + 1));
	}
	return read_form(value, text.data, arena);
}

static void
append_word(StringInfo text, RowsDraw *draw)
{
	for (int i = 0; i < 5; i++)
		appendStringInfoChar(text, 'a' + (char) rows_below(draw, 26));
}

/* As many labels as the condition says, or one of its paths and what is below it. */
static Datum
make_labels(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const RowsMention *mention = ((const FormCandidate *) value)->mention;
	StringInfoData text;
	int n = 1 + (int) rows_below(draw, 4);

	initStringInfo(&text);
	if (mention->numbers != NIL && (rows_draw(draw) & 1))
		n = list_nth_int(mention->numbers, (int) rows_below(draw, list_length(mention->numbers)));
	n = Min(Max(n, 1), 100);
	if (mention->texts != NIL && rows_below(draw, 4) != 0)
	{
		for (const char *p =
				 list_nth(mention->texts, (int) rows_below(draw, list_length(mention->texts)));
			 *p != '\0'; p++)
		{
			if (isalnum((unsigned char) *p) || *p == '_' ||
				(*p == '.' && text.len > 0 && text.data[text.len - 1] != '.' && p[1] != '\0'))
				appendStringInfoChar(&text, *p);
		}
		n = (int) rows_below(draw, 3);
	}
	for (int i = 0; i < n || text.len == 0; i++)
	{
		if (text.len > 0 && text.data[text.len - 1] != '.')
			appendStringInfoChar(&text, '.');
		append_word(&text, draw);
	}
	if (text.data[text.len - 1] == '.')
		append_word(&text, draw);
	return read_form(value, text.data, arena);
}

/* The members that the condition looks at, with its strings and numbers. */
static Datum
make_members(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const RowsMention *mention = ((const FormCandidate *) value)->mention;
	StringInfoData text;
	ListCell *cell;

	initStringInfo(&text);
	foreach (cell, mention->paths)
	{
		if (text.len > 0)
			appendStringInfoString(&text, ", ");
		rows_append_quoted(&text, linitial(lfirst(cell)));
		appendStringInfoString(&text, "=>");
		if (mention->texts != NIL && rows_below(draw, 4) != 0)
			rows_append_quoted(&text, list_nth(mention->texts,
											   (int) rows_below(draw, list_length(mention->texts))));
		else if (mention->numbers != NIL && (rows_draw(draw) & 1))
			appendStringInfo(&text, "%d",
							 list_nth_int(mention->numbers,
										  (int) rows_below(draw, list_length(mention->numbers))) +
								 (int) rows_below(draw, 3) - 1);
		else
			append_word(&text, draw);
	}
	return read_form(value, text.data, arena);
}

/* The elements of a path of the condition, /order/item/@id, one in the other. */
static Datum
make_elements(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const RowsMention *mention = ((const FormCandidate *) value)->mention;
	const char *path = "/row/id";
	StringInfoData text;
	StringInfoData ends;
	bool attribute = false;

	initStringInfo(&text);
	initStringInfo(&ends);
	if (mention->texts != NIL)
		path = list_nth(mention->texts, (int) rows_below(draw, list_length(mention->texts)));
	while (*path == '/')
	{
		int length;

		path += strspn(path, "/");
		attribute = *path == '@';
		path += attribute;
		length = (int) strspn(path,
							  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
		if (length == 0 || isdigit((unsigned char) *path))
			break;
		if (attribute && text.len > 0 && text.data[text.len - 1] == '>')
		{
			text.data[--text.len] = '\0';
			appendStringInfo(&text, " %.*s=\"%d\">", length, path, (int) rows_below(draw, 1000));
		}
		else
		{
			char *end = psprintf("</%.*s>%s", length, path, ends.data);

			appendStringInfo(&text, "<%.*s>", length, path);
			resetStringInfo(&ends);
			appendStringInfoString(&ends, end);
		}
		path += length;
		/* a condition within the path is tried */
		if (*path == '[')
			path += strcspn(path, "]");
		path += *path == ']';
	}
	if (text.len == 0)
	{
		appendStringInfoString(&text, "<row>");
		appendStringInfoString(&ends, "</row>");
	}
	appendStringInfo(&text, "%d%s", (int) rows_below(draw, 1000), ends.data);
	return read_form(value, text.data, arena);
}

/* ---- rows ---- */

List *
rows_row_candidates(const RowsValue *like, const RowsMention *mention)
{
	FormCandidate *candidate = palloc0(sizeof(FormCandidate));

	candidate->value = *like;
	candidate->value.make = make_row;
	candidate->fields = palloc0(sizeof(List *) * like->nfields);
	for (int i = 0; i < like->nfields; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(like->tupdesc, i);

		if (like->fields[i] == NULL)
			continue;
		candidate->fields[i] = rows_candidates(attribute->atttypid, attribute->atttypmod, mention);
		candidate->fields[i] = lappend(candidate->fields[i], like->fields[i]);
	}
	return list_make1(candidate);
}

static Datum
make_row(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const FormCandidate *candidate = (const FormCandidate *) value;
	Datum *datums = rows_alloc(arena, sizeof(Datum) * Max(value->nfields, 1));
	bool *nulls = rows_alloc(arena, sizeof(bool) * Max(value->nfields, 1));
	MemoryContext old;
	Datum result;

	for (int i = 0; i < value->nfields; i++)
	{
		List *fields = candidate->fields[i];
		RowsValue *field;

		datums[i] = (Datum) 0;
		nulls[i] = (fields == NIL);
		if (nulls[i])
			continue;
		field = list_nth(fields, (int) rows_below(draw, list_length(fields)));
		datums[i] = field->make(field, draw, arena);
	}
	old = MemoryContextSwitchTo(arena->context);
	result = HeapTupleGetDatum(heap_form_tuple(value->tupdesc, datums, nulls));
	MemoryContextSwitchTo(old);
	return result;
}
