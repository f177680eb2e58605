/*-------------------------------------------------------------------------
 *
 * mention_json.c
 *	  What a condition mentions of documents: members, elements, and what it compares
 *	  them with.
 *
 * Evaluates what needs no row, but only by PostgreSQL's own functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/trial.h"
#include "rows/value/bounds.h"

/* Members within each other, and the bytes of a name: what is longer is not understood. */
#define LONGEST_PATH 64
#define LONGEST_KEY	 1000

static bool path_of(Node *node, List **path);
static List *keys_of(Const *key);
static void add_path(RowsMention *mention, List *path);
static bool is_full(const RowsMention *mention);
static void note_text(RowsMention *mention, const char *text, int length);
static void note_number(RowsMention *mention, Numeric number);
static void note_document(RowsMention *mention, Node *subject, Node *document);

/* $."a"."b"[*]?(@."c" > 3 && @."d" == "x") */
void
rows_note_jsonpath(RowsMention *mention, char *path)
{
	List *base = NIL; /* what @ stands for */
	List *keys = NIL;
	int filters = 0;

	for (char *p = path; *p != '\0' && list_length(keys) <= LONGEST_PATH; p++)
	{
		bool member = *p == '.' && p[1] == '"';

		if (member || *p == '"')
		{
			char *begin = p + (member ? 2 : 1);
			char *end = strchr(begin, '"');
			char *text;

			if (end == NULL)
				break;
			text = pnstrdup(begin, Min(end - begin, LONGEST_KEY));
			if (member)
				keys = lappend(list_copy(keys), text);
			else if (list_length(mention->texts) < MOST_MENTIONED)
				mention->texts = lappend(mention->texts, text);
			p = end;
		}
		else if (*p == '[')
		{
			keys = lappend(list_copy(keys), ROWS_JSON_ELEMENTS);
			p += strcspn(p, "]");
			if (*p == '\0')
				break;
		}
		else if (*p == '?')
		{
			base = keys;
			filters++;
		}
		else if (*p == '$' || *p == '@')
		{
			if (keys != base)
				add_path(mention, keys);
			keys = *p == '@' && filters > 0 ? base : NIL;
		}
		else if (isdigit((unsigned char) *p))
		{
			int number = (int) strtol(p, &p, 10);

			if (list_length(mention->numbers) < MOST_MENTIONED)
				mention->numbers = lappend_int(mention->numbers, number);
			p--;
		}
	}
	add_path(mention, keys);
}

/* The keys of j -> 'a' -> 'b'; none for j itself.  False: they are too many. */
static bool
path_of(Node *node, List **path)
{
	List *backwards = NIL; /* of List */
	int nkeys = 0;

	*path = NIL;
	for (;;)
	{
		List *args = NIL;
		List *keys;
		Const *key;

		if (IsA(node, OpExpr))
			args = ((OpExpr *) node)->args;
		else if (IsA(node, FuncExpr))
			args = ((FuncExpr *) node)->args;
		if (list_length(args) != 2 ||
			(exprType(linitial(args)) != JSONBOID && exprType(linitial(args)) != JSONOID))
			break;
		key = rows_is_built_in(lsecond(args)) ? rows_try_constant_of(lsecond(args)) : NULL;
		if (key == NULL || key->constisnull)
			break;
		keys = keys_of(key);
		if (keys == NIL && key->consttype != TEXTARRAYOID)
			break;
		nkeys += list_length(keys);
		if (nkeys > LONGEST_PATH)
			return false;
		backwards = lappend(backwards, keys);
		node = linitial(args);
	}
	for (int i = list_length(backwards) - 1; i >= 0; i--)
		*path = list_concat(*path, list_nth(backwards, i));
	return true;
}

/* 'a', 1, '{a,b}' */
static List *
keys_of(Const *key)
{
	RowsMention mention = {0};
	List *keys = NIL;
	ListCell *cell;

	switch (key->consttype)
	{
		case INT4OID:
			return list_make1(ROWS_JSON_ELEMENTS);
		case TEXTOID:
			return list_make1(TextDatumGetCString(key->constvalue));
		case TEXTARRAYOID:
			rows_note_elements(&mention, key);
			foreach (cell, mention.texts)
				keys = lappend(keys, isdigit((unsigned char) *(char *) lfirst(cell))
										 ? ROWS_JSON_ELEMENTS
										 : lfirst(cell));
			return keys;
		default:
			return NIL;
	}
}

static void
add_path(RowsMention *mention, List *path)
{
	ListCell *cell;

	if (path == NIL || list_length(path) > LONGEST_PATH ||
		list_length(mention->paths) >= MOST_MENTIONED)
		return;
	foreach (cell, path)
	{
		if (strlen(lfirst(cell)) > LONGEST_KEY)
			return;
	}
	mention->paths = lappend(mention->paths, path);
}

/* Nothing more of a document would be noted. */
static bool
is_full(const RowsMention *mention)
{
	return list_length(mention->paths) >= MOST_MENTIONED &&
		   list_length(mention->texts) >= MOST_MENTIONED &&
		   list_length(mention->numbers) >= MOST_MENTIONED;
}

static void
note_text(RowsMention *mention, const char *text, int length)
{
	if (list_length(mention->texts) < MOST_MENTIONED && length <= ROWS_LONGEST_CANDIDATE)
		mention->texts = lappend(mention->texts, pnstrdup(text, length));
}

/* One that is no integer of C is no hint. */
static void
note_number(RowsMention *mention, Numeric number)
{
	double value = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(number)));

	if (value > PG_INT32_MIN && value < PG_INT32_MAX && list_length(mention->numbers) < MOST_MENTIONED)
		mention->numbers = lappend_int(mention->numbers, (int) value);
}

/* j @> '{"a": {"b": 1}}': what the document consists of */
static void
note_document(RowsMention *mention, Node *subject, Node *document)
{
	List *path;
	Const *constant;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (exprType(subject) != JSONBOID || exprType(document) != JSONBOID ||
		!rows_is_built_in(document) || !path_of(subject, &path))
		return;
	constant = rows_try_constant_of(document);
	if (constant == NULL || constant->constisnull)
		return;
	iterator = JsonbIteratorInit(&DatumGetJsonbP(constant->constvalue)->root);
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE &&
		   list_length(path) <= LONGEST_PATH && !is_full(mention))
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_KEY)
			path = lappend(list_copy(path), pnstrdup(value.val.string.val,
													 Min(value.val.string.len, LONGEST_KEY + 1)));
		else if (token == WJB_BEGIN_ARRAY && !value.val.array.rawScalar)
			path = lappend(list_copy(path), ROWS_JSON_ELEMENTS);
		if (token == WJB_VALUE || token == WJB_END_OBJECT)
		{
			/* the member is complete */
			if (token == WJB_VALUE)
				add_path(mention, path);
			path = list_truncate(list_copy(path), Max(list_length(path) - 1, 0));
		}
		else if (token == WJB_END_ARRAY && path != NIL)
		{
			path = list_truncate(list_copy(path), Max(list_length(path) - 2, 0));
		}
		if (token != WJB_VALUE && token != WJB_ELEM)
			continue;
		if (token == WJB_ELEM)
			add_path(mention, path);
		if (value.type == jbvString)
			note_text(mention, value.val.string.val, value.val.string.len);
		else if (value.type == jbvNumeric)
			note_number(mention, value.val.numeric);
	}
}

/* j ? 'a', j -> 'a', j ->> 'a', j #> '{a,b}', j ?& '{a,b}' */
void
rows_note_path(RowsMention *mention, Node *subject, Node *key)
{
	Oid type = exprType(subject);
	Const *constant;
	List *before;
	List *path = NIL;
	RowsMention keys = {0};
	ListCell *cell;

	note_document(mention, subject, key);
	/* of hstore, too */
	if ((type != JSONBOID && type != JSONOID && type < FirstNormalObjectId) || !rows_is_built_in(key))
		return;
	constant = rows_try_constant_of(key);
	if (constant == NULL || constant->constisnull || !path_of(subject, &before))
		return;
	if (constant->consttype == TEXTOID)
		path = lappend(list_copy(before), TextDatumGetCString(constant->constvalue));
	else if (constant->consttype == INT4OID && (type == JSONBOID || type == JSONOID))
		path = lappend(list_copy(before), ROWS_JSON_ELEMENTS);
	else if (constant->consttype == TEXTARRAYOID)
	{
		rows_note_elements(&keys, constant);
		foreach (cell, keys.texts)
		{
			path = lappend(path == NIL ? list_copy(before) : path, lfirst(cell));
			/* each on its own for ?&; one below the other for #> */
			add_path(mention, lappend(list_copy(before), lfirst(cell)));
		}
	}
	add_path(mention, path);
}

/* Add what is known of a member. */
static RowsMentionMember *
add_member(RowsMention *mention, List *path)
{
	RowsMentionMember *member = palloc0(sizeof(RowsMentionMember));

	member->path = path;
	if (list_length(mention->members) < MOST_MENTIONED)
		mention->members = lappend(mention->members, member);
	return member;
}

/* (j ->> 'age')::int, j ->> 'zip' ~ '^[0-9]{5}$', j ->> 'state' IN ('on', 'off') */
void
rows_note_member(RowsMention *mention, Node *node)
{
	List *args = NIL;
	List *path;
	RowsMention found = {0};
	Const *constant;
	ListCell *cell;
	char *name = NULL;

	if (IsA(node, CoerceViaIO))
	{
		if (path_of(strip_implicit_coercions((Node *) ((CoerceViaIO *) node)->arg), &path) &&
			path != NIL)
			add_member(mention, path)->type = ((CoerceViaIO *) node)->resulttype;
		return;
	}
	if (IsA(node, OpExpr))
	{
		args = ((OpExpr *) node)->args;
		name = get_opname(((OpExpr *) node)->opno);
	}
	else if (IsA(node, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) node)->useOr)
	{
		args = ((ScalarArrayOpExpr *) node)->args;
		name = get_opname(((ScalarArrayOpExpr *) node)->opno);
	}
	if (list_length(args) != 2 || name == NULL || exprType(linitial(args)) != TEXTOID)
		return;
	if (!path_of(strip_implicit_coercions(linitial(args)), &path) || path == NIL ||
		!rows_is_built_in(lsecond(args)))
		return;
	constant = rows_try_constant_of(lsecond(args));
	if (constant == NULL || constant->constisnull)
		return;
	rows_note_patterns(&found, node);
	foreach (cell, found.patterns)
		add_member(mention, path)->pattern = lfirst(cell);
	if (strcmp(name, "=") != 0)
		return;
	if (constant->consttype == TEXTOID)
		add_member(mention, path)->text = TextDatumGetCString(constant->constvalue);
	else if (constant->consttype == TEXTARRAYOID)
	{
		rows_note_elements(&found, constant);
		foreach (cell, found.texts)
			add_member(mention, path)->text = lfirst(cell);
	}
}
