/*-------------------------------------------------------------------------
 *
 * pattern.c
 *	  Text of a fixed form that the input function of any type reads: at random, or
 *	  counted.
 *
 * To make values of another type, add a row to makers[]: the name of the type and a
 * pattern, or a function that writes one for the type modifier.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/kinds.h"

/* Capacities stay below this, so that products cannot overflow. */
#define MOST_VALUES (UINT64CONST(1) << 62)

#define MOST_DIMENSIONS 16000

typedef struct Maker
{
	const char *type;
	const char *pattern; /* # is a digit, ? a letter */
	char *(*form)(const char *name, int32 typmod);
} Maker;

static char *vector_form(const char *name, int32 typmod);
static char *sparse_form(const char *name, int32 typmod);
static char *geometry_form(const char *name, int32 typmod);

static const Maker makers[] = {
	/* in pg_catalog */
	{"box", "(##.#,##.#),(##.#,##.#)"},
	{"circle", "<(##.#,##.#),1#.#>"},
	{"int2vector", "# ## ###"},
	{"json", "{\"id\": 1####, \"name\": \"????????\", \"tags\": [\"????\", \"????\"]}"},
	{"jsonb", "{\"id\": 1####, \"name\": \"????????\", \"tags\": [\"????\", \"????\"]}"},
	{"jsonpath", "$.????[#]"},
	{"line", "{1#,2#,3#}"},
	{"lseg", "[(##.#,##.#),(1##.#,1##.#)]"},
	{"macaddr8", "08:00:2b:##:##:##:##:##"},
	{"oidvector", "1# 1## 1###"},
	{"path", "[(#.#,#.#),(1#.#,1#.#),(2#.#,#.#)]"},
	{"pg_snapshot", "1##:3##:2##"},
	{"point", "(##.###,##.###)"},
	{"polygon", "((0.#,0.#),(0.#,1#.#),(1#.#,1#.#))"},
	{"refcursor", "????????"},
	{"tid", "(1###,1)"},
	{"tsquery", "???? & ????"},
	{"tsvector", "???? ????? ??????"},
	{"txid_snapshot", "1##:3##:2##"},
	{"xml", "<row><id>####</id><name>???????\?</name></row>"},
	/* contrib; the last \? asks for the check digit */
	{"cube", "(1##,1##)"},
	{"ean13", "978#########\\?"},
	{"hstore", "id=>1###, name=>????????"},
	{"isbn", "#########\\?"},
	{"isbn13", "978#########\\?"},
	{"ismn", "M########\\?"},
	{"ismn13", "9790########\\?"},
	{"issn", "#######\\?"},
	{"issn13", "977#######00\\?"},
	{"lquery", "????.*"},
	{"ltree", "????.????.????"},
	{"ltxtquery", "???? & ????"},
	{"query_int", "1# & 2#"},
	{"seg", "1#.# .. 2#.#"},
	{"upc", "###########\\?"},
	/* of other extensions */
	{"geography", NULL, geometry_form},
	{"geometry", NULL, geometry_form},
	{"halfvec", NULL, vector_form},
	{"ip4", "10.1##.1##.1##"},
	{"ip4r", "10.1##.1##.1##"},
	{"ip6", "2001:db8:1###:1###:1###:1###:1###:1###"},
	{"ip6r", "2001:db8:1###:1###:1###:1###:1###:1###"},
	{"ipaddress", "10.1##.1##.1##"},
	{"iprange", "10.1##.1##.1##"},
	{"semver", "1#.1##.1##"},
	{"sparsevec", NULL, sparse_form},
	{"vector", NULL, vector_form},
	{NULL, NULL}};

static const char *next_choices(const char *p, const char **choices, int *nchoices);
static Datum read_text(const RowsValue *value, char *text, RowsArena *arena);
static Datum encode_pattern(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_pattern(const RowsValue *value, Datum datum, uint64 *ordinal);

/* Let a type that the table knows by name be read from text. */
bool
rows_init_made_type(RowsValue *value, const char *name, char typtype)
{
	if (typtype != TYPTYPE_BASE)
		return false;
	for (const Maker *maker = makers; maker->type != NULL; maker++)
	{
		if (strcmp(name, maker->type) != 0)
			continue;
		rows_init_pattern(value, maker->pattern != NULL ? maker->pattern
														: maker->form(name, value->typmod));
		return true;
	}
	return false;
}

void
rows_init_pattern(RowsValue *value, const char *pattern)
{
	Oid input;
	Oid output;
	bool varlena;
	const char *choices;
	int nchoices;
	uint64 capacity = 1;

	getTypeInputInfo(value->type, &input, &value->ioparam);
	fmgr_info(input, &value->input);
	getTypeOutputInfo(value->type, &output, &varlena);
	fmgr_info(output, &value->output);
	value->pattern = pattern;
	value->name = "pattern";
	value->detail = pstrdup(pattern);
	value->make = rows_make_pattern;
	value->from_int = NULL;
	value->nchoices = 0;
	value->regex = NULL;
	for (const char *p = pattern; *p != '\0';)
	{
		p = next_choices(p, &choices, &nchoices);
		capacity = (capacity > MOST_VALUES / nchoices) ? MOST_VALUES : capacity * nchoices;
	}
	value->capacity = capacity;
	value->encode = capacity > 1 ? encode_pattern : NULL;
	value->decode = capacity > 1 ? decode_pattern : NULL;
}

/* The members of a class such as [A-Z] or [0-9A-F]; NULL if it is none. */
static const char *
class_members(const char *p, const char **end, int *nmembers)
{
	static char members[128];
	int n = 0;

	for (p++; isalnum((unsigned char) p[0]) && p[1] == '-' && isalnum((unsigned char) p[2]); p += 3)
	{
		for (char c = p[0]; c <= p[2] && n < lengthof(members); c++)
			members[n++] = c;
	}
	if (*p != ']' || n == 0)
		return NULL;
	*end = p + 1;
	*nmembers = n;
	return members;
}

/* The characters that may stand at a place of the pattern; returns the next place. */
static const char *
next_choices(const char *p, const char **choices, int *nchoices)
{
	const char *end;

	*nchoices = 1;
	switch (*p)
	{
		case '#':
			*choices = "0123456789";
			*nchoices = 10;
			return p + 1;
		case '?':
			*choices = "abcdefghijklmnopqrstuvwxyz";
			*nchoices = 26;
			return p + 1;
		case '[':
			*choices = class_members(p, &end, nchoices);
			if (*choices != NULL)
				return end;
			break;
		case '\\':
			if (p[1] != '\0')
				p++;
			break;
		default:
			break;
	}
	*choices = p;
	return p + 1;
}

Datum
rows_make_pattern(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	char *text = rows_alloc(arena, strlen(value->pattern) + 1);
	char *out = text;
	const char *choices;
	int nchoices;

	for (const char *p = value->pattern; *p != '\0';)
	{
		p = next_choices(p, &choices, &nchoices);
		*out++ = choices[nchoices == 1 ? 0 : rows_below(draw, nchoices)];
	}
	*out = '\0';
	return read_text(value, text, arena);
}

static Datum
read_text(const RowsValue *value, char *text, RowsArena *arena)
{
	MemoryContext old = MemoryContextSwitchTo(arena->context);
	Datum result = InputFunctionCall((FmgrInfo *) &value->input, text, value->ioparam, value->typmod);

	MemoryContextSwitchTo(old);
	return result;
}

/* The first place changes fastest: the form may end in digits that the type rounds. */
static Datum
encode_pattern(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	char *text = rows_alloc(arena, strlen(value->pattern) + 1);
	char *out = text;
	const char *choices;
	int nchoices;

	for (const char *p = value->pattern; *p != '\0';)
	{
		p = next_choices(p, &choices, &nchoices);
		*out++ = choices[ordinal % nchoices];
		ordinal /= nchoices;
	}
	*out = '\0';
	return read_text(value, text, arena);
}

/* Compares what the type prints with the pattern; it may print other spaces and dashes. */
static bool
decode_pattern(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	const char *text = OutputFunctionCall((FmgrInfo *) &value->output, datum);
	const char *choices;
	int nchoices;
	uint64 weight = 1;

	*ordinal = 0;
	for (const char *p = value->pattern; *p != '\0';)
	{
		const char *found;

		p = next_choices(p, &choices, &nchoices);
		if (nchoices == 1)
		{
			if (*text == *choices)
				text++;
			continue;
		}
		while (*text != '\0' && memchr(choices, *text, nchoices) == NULL)
			text++;
		if (*text == '\0')
			return false;
		found = memchr(choices, *text++, nchoices);
		*ordinal += weight * (found - choices);
		if (weight > MOST_VALUES / nchoices)
			break;
		weight *= nchoices;
	}
	return true;
}

/* ---- forms that depend on the type modifier ---- */

/* vector(3) */
static char *
vector_form(const char *name, int32 typmod)
{
	StringInfoData form;
	int n = typmod > 0 ? Min(typmod, MOST_DIMENSIONS) : 3;

	initStringInfo(&form);
	appendStringInfoChar(&form, '[');
	for (int i = 0; i < n; i++)
		appendStringInfoString(&form, i > 0 ? ",0.###" : "0.###");
	appendStringInfoChar(&form, ']');
	return form.data;
}

/* sparsevec(5): one element of it */
static char *
sparse_form(const char *name, int32 typmod)
{
	return psprintf("{1:0.1###}/%d", typmod > 0 ? typmod : 3);
}

/* PostGIS keeps SRID, type, Z and M in the modifier: gserialized.h. */
#define SRID_OF(typmod)	 (((typmod) &0x0FFFFF00) >> 8)
#define SHAPE_OF(typmod) (((typmod) &0x000000FC) >> 2)
#define HAS_Z(typmod)	 (((typmod) &0x00000002) >> 1)
#define HAS_M(typmod)	 ((typmod) &0x00000001)

static char *
geometry_form(const char *name, int32 typmod)
{
	if (typmod < 0)
		return rows_geometry_form(0, 0, false, false);
	return rows_geometry_form(SHAPE_OF(typmod), SRID_OF(typmod), HAS_Z(typmod), HAS_M(typmod));
}

/*
 * Well-known text of the type's shape, dimensions and SRID.  @ becomes the further
 * coordinates of a point.  Polygons are closed and do not cross themselves.
 */
char *
rows_geometry_form(int shape, int srid, bool z, bool m)
{
	static const char *const shapes[] = {
		"POINT%s(1#.### [0-8]#.###@)",
		"POINT%s(1#.### [0-8]#.###@)",
		"LINESTRING%s(1#.### 1#.###@,2#.### 2#.###@,3#.### 1#.###@)",
		"POLYGON%s((10.1 10.1@,3#.### 10.1@,3#.### 3#.###@,10.1 3#.###@,10.1 10.1@))",
		"MULTIPOINT%s(1#.### [0-8]#.###@,2#.### [0-8]#.###@)",
		"MULTILINESTRING%s((1#.### 1#.###@,2#.### 2#.###@),(3#.### 1#.###@,3#.### 2#.###@))",
		"MULTIPOLYGON%s(((10.1 10.1@,3#.### 10.1@,3#.### 3#.###@,10.1 3#.###@,10.1 10.1@)))",
		"GEOMETRYCOLLECTION%s(POINT%s(1#.### [0-8]#.###@))",
		"CIRCULARSTRING%s(10 1#.###@,20 2#.###@,30 1#.###@)",
		"COMPOUNDCURVE%s((1#.### 1#.###@,2#.### 2#.###@))",
		"CURVEPOLYGON%s((10.1 10.1@,3#.### 10.1@,3#.### 3#.###@,10.1 3#.###@,10.1 10.1@))",
		"MULTICURVE%s((1#.### 1#.###@,2#.### 2#.###@))",
		"MULTISURFACE%s(((10.1 10.1@,3#.### 10.1@,3#.### 3#.###@,10.1 3#.###@,10.1 10.1@)))",
		"POLYHEDRALSURFACE%s(((10 10@,20 10@,20 2#.###@,10 10@)))",
		"TRIANGLE%s((10 10@,20 10@,20 2#.###@,10 10@))",
		"TIN%s(((10 10@,20 10@,20 2#.###@,10 10@)))",
	};
	StringInfoData form;
	const char *dimensions = z && m ? " ZM " : z ? " Z " : m ? " M " : "";

	initStringInfo(&form);
	if (srid > 0)
		appendStringInfo(&form, "SRID=%d;", srid);
	for (const char *p = shapes[shape < lengthof(shapes) ? shape : 0]; *p != '\0'; p++)
	{
		if (p[0] == '%' && p[1] == 's')
		{
			appendStringInfoString(&form, dimensions);
			p++;
		}
		else if (*p == '@')
			appendStringInfoString(&form, z && m ? " 5 6" : z || m ? " 5" : "");
		else
			appendStringInfoChar(&form, *p);
	}
	return form.data;
}
