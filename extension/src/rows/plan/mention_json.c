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

static List *path_of(Node *node);
static void note_number(RowsMention *mention, Numeric number);
static void note_document(RowsMention *mention, Node *subject, Node *document);

/* $."a"."b"[*]?(@."c" > 3 && @."d" == "x") */
void
rows_note_jsonpath(RowsMention *mention, char *path)
{
	List *base = NIL; /* what @ stands for */
	List *keys = NIL;
	int filters = 0;

	for (char *p = path; *p != '\0'; p++)
	{
		bool member = *p == '.' && p[1] == '"';

		if (member || *p == '"')
		{
			char *begin = p + (member ? 2 : 1);
			char *end = strchr(begin, '"');
			char *text;

			if (end == NULL)
				break;
			text = pnstrdup(begin, end - begin);
			if (member)
				keys = lappend(list_copy(keys), text);
			else
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
			if (keys != NIL && keys != base)
				mention->paths = lappend(mention->paths, keys);
			keys = *p == '@' && filters > 0 ? base : NIL;
		}
		else if (isdigit((unsigned char) *p))
		{
			mention->numbers = lappend_int(mention->numbers, (int) strtol(p, &p, 10));
			p--;
		}
	}
	if (keys != NIL)
		mention->paths = lappend(mention->paths, keys);
}

/* The keys of j -> 'a' -> 'b'; NIL for j itself. */
static List *
path_of(Node *node)
{
	List *args = NIL;
	List *path;
	Const *key;

	if (IsA(node, OpExpr))
		args = ((OpExpr *) node)->args;
	else if (IsA(node, FuncExpr))
		args = ((FuncExpr *) node)->args;
	if (list_length(args) != 2 ||
		(exprType(linitial(args)) != JSONBOID && exprType(linitial(args)) != JSONOID))
		return NIL;
	key = rows_is_built_in(lsecond(args)) ? rows_try_constant_of(lsecond(args)) : NULL;
	if (key != NULL && !key->constisnull && key->consttype == TEXTARRAYOID)
	{
		RowsMention keys = {0};
		ListCell *cell;

		path = list_copy(path_of(linitial(args)));
		rows_note_elements(&keys, key);
		foreach (cell, keys.texts)
			path = lappend(path, isdigit((unsigned char) *(char *) lfirst(cell)) ? ROWS_JSON_ELEMENTS
																				 : lfirst(cell));
		return path;
	}
	if (key == NULL || key->constisnull || (key->consttype != TEXTOID && key->consttype != INT4OID))
		return NIL;
	path = list_copy(path_of(linitial(args)));
	if (key->consttype == INT4OID)
		return lappend(path, ROWS_JSON_ELEMENTS);
	return lappend(path, TextDatumGetCString(key->constvalue));
}

/* One that is no integer of C is no hint. */
static void
note_number(RowsMention *mention, Numeric number)
{
	double value = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(number)));

	if (value > PG_INT32_MIN && value < PG_INT32_MAX)
		mention->numbers = lappend_int(mention->numbers, (int) value);
}

/* j @> '{"a": {"b": 1}}': what the document consists of */
static void
note_document(RowsMention *mention, Node *subject, Node *document)
{
	List *path = path_of(subject);
	Const *constant;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (exprType(subject) != JSONBOID || exprType(document) != JSONBOID ||
		!rows_is_built_in(document))
		return;
	constant = rows_try_constant_of(document);
	if (constant == NULL || constant->constisnull)
		return;
	iterator = JsonbIteratorInit(&DatumGetJsonbP(constant->constvalue)->root);
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			path = lappend(list_copy(path), pnstrdup(value.val.string.val, value.val.string.len));
		else if (token == WJB_BEGIN_ARRAY && !value.val.array.rawScalar)
			path = lappend(list_copy(path), ROWS_JSON_ELEMENTS);
		if (token == WJB_VALUE || token == WJB_END_OBJECT)
		{
			/* the member is complete */
			if (token == WJB_VALUE && path != NIL)
				mention->paths = lappend(mention->paths, path);
			path = list_truncate(list_copy(path), Max(list_length(path) - 1, 0));
		}
		else if (token == WJB_END_ARRAY && path != NIL)
		{
			path = list_truncate(list_copy(path), Max(list_length(path) - 2, 0));
		}
		if (token != WJB_VALUE && token != WJB_ELEM)
			continue;
		if (token == WJB_ELEM && path != NIL)
			mention->paths = lappend(mention->paths, path);
		if (value.type == jbvString)
			mention->texts = lappend(mention->texts,
									 pnstrdup(value.val.string.val, value.val.string.len));
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
	if (constant == NULL || constant->constisnull)
		return;
	before = path_of(subject);
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
			mention->paths = lappend(mention->paths, lappend(list_copy(before), lfirst(cell)));
		}
	}
	if (path != NIL)
		mention->paths = lappend(mention->paths, path);
}

/* Add what is known of a member. */
static RowsMentionMember *
add_member(RowsMention *mention, List *path)
{
	RowsMentionMember *member = palloc0(sizeof(RowsMentionMember));

	member->path = path;
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
		path = path_of(strip_implicit_coercions((Node *) ((CoerceViaIO *) node)->arg));
		if (path != NIL)
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
	path = path_of(strip_implicit_coercions(linitial(args)));
	if (path == NIL || !rows_is_built_in(lsecond(args)))
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
