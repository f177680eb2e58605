/*-------------------------------------------------------------------------
 *
 * mention.c
 *	  What a condition mentions: constants, lengths, strings and their parts.
 *
 * Evaluates what needs no row, such as current_date, but only by PostgreSQL's own
 * functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/trial.h"
#include "rows/value/bounds.h"

#define LONGEST_FORMAT 100

static bool note(Node *node, void *mention);
static void note_format(RowsMention *mention, Node *node);
static void note_cast(RowsMention *mention, Node *node);
static void note_part(RowsMention *mention, Node *node);
static int part_of(Node *node, const char **separator);
static void note_sources(RowsMention *mention, Node *node);
static void read_source(RowsMention *mention, char *source);

RowsMention *
rows_read_mention(Node *condition)
{
	RowsMention *mention = palloc0(sizeof(RowsMention));

	note(condition, mention);
	return mention;
}

static bool
note(Node *node, void *context)
{
	RowsMention *mention = context;
	Const *constant;

	CHECK_FOR_INTERRUPTS();
	if (node == NULL)
		return false;
	if (!IsA(node, List) && !IsA(node, CaseWhen) && exprType(node) != BOOLOID &&
		rows_is_built_in(node))
	{
		constant = rows_try_constant_of(node);
		if (constant != NULL && !constant->constisnull)
			rows_note_constant(mention, constant);
		if (constant != NULL && !constant->constisnull && constant->consttype == JSONPATHOID)
			rows_note_jsonpath(mention, DatumGetCString(DirectFunctionCall1(jsonpath_out,
																			constant->constvalue)));
	}
	if (IsA(node, OpExpr) && list_length(((OpExpr *) node)->args) == 2)
	{
		OpExpr *op = (OpExpr *) node;

		rows_note_path(mention, linitial(op->args), lsecond(op->args));
	}
	rows_note_patterns(mention, node);
	note_sources(mention, node);
	note_cast(mention, node);
	note_part(mention, node);
	rows_note_member(mention, node);
	if (IsA(node, FuncExpr) && list_length(((FuncExpr *) node)->args) == 2)
		rows_note_path(mention, linitial(((FuncExpr *) node)->args),
					   lsecond(((FuncExpr *) node)->args));
	return expression_tree_walker(node, note, context);
}

static void
note_format(RowsMention *mention, Node *node)
{
	const Const *constant = (const Const *) node;
	char *format;

	if (!IsA(node, Const) || constant->constisnull)
		return;
	format = TextDatumGetCString(constant->constvalue);
	/* nobody writes times so long; nothing is read by an empty one */
	if (*format != '\0' && strlen(format) <= LONGEST_FORMAT &&
		list_length(mention->formats) < MOST_MENTIONED)
		mention->formats = lappend(mention->formats, format);
}

/* x::date, to_date(x, 'YYYY-MM-DD'), and what tells characters from bytes */
static void
note_cast(RowsMention *mention, Node *node)
{
	char category;
	bool preferred;

	if (IsA(node, CoerceViaIO))
	{
		get_type_category_preferred(exprType((Node *) ((CoerceViaIO *) node)->arg), &category,
									&preferred);
		if (category == TYPCATEGORY_STRING)
			mention->types = list_append_unique_oid(mention->types,
													((CoerceViaIO *) node)->resulttype);
		mention->counts_digits |= category == TYPCATEGORY_NUMERIC;
	}
	else if (IsA(node, FuncExpr))
	{
		switch (((FuncExpr *) node)->funcid)
		{
			case F_TO_DATE:
			case F_TO_TIMESTAMP_TEXT_TEXT:
				note_format(mention, lsecond(((FuncExpr *) node)->args));
				break;
			case F_OCTET_LENGTH_TEXT:
			case F_BIT_LENGTH_TEXT:
				mention->counts_bytes = true;
				break;
			default:
				break;
		}
	}
}

/* left(code, 3) = 'ACC', right(code, 2) ~ '[0-9]{2}', substr(code, 5, 1) IN ('-', '/') */
static void
note_part(RowsMention *mention, Node *node)
{
	List *args = NIL;
	RowsMention texts = {0};
	Const *constant;
	ListCell *cell;
	const char *separator = NULL;
	int from;

	if (IsA(node, OpExpr))
		args = ((OpExpr *) node)->args;
	else if (IsA(node, ScalarArrayOpExpr))
		args = ((ScalarArrayOpExpr *) node)->args;
	from = list_length(args) == 2 ? part_of(linitial(args), &separator) : 0;
	constant = from != 0 && rows_is_built_in(lsecond(args)) ? rows_try_constant_of(lsecond(args))
															: NULL;
	if (constant == NULL || constant->constisnull)
		return;
	rows_note_patterns(&texts, node);
	if (texts.patterns == NIL)
		rows_note_constant(&texts, constant);
	foreach (cell, texts.patterns != NIL ? texts.patterns : texts.texts)
	{
		RowsMentionPart *part;

		if (list_length(mention->parts) >= MOST_MENTIONED)
			break;
		part = palloc0(sizeof(RowsMentionPart));
		part->from = from;
		part->separator = separator;
		if (texts.patterns != NIL)
			part->pattern = lfirst(cell);
		else
			part->text = lfirst(cell);
		mention->parts = lappend(mention->parts, part);
	}
}

/* Where the part begins, if the expression is one of a string: -2 for right(x, 2); or 0. */
static int
part_of(Node *node, const char **separator)
{
	FuncExpr *func;
	Const *place;
	int number;

	node = strip_implicit_coercions(node);
	func = (FuncExpr *) node;
	if (!IsA(node, FuncExpr) || list_length(func->args) < 2 || !IsA(lsecond(func->args), Const))
		return 0;
	place = lsecond(func->args);
	if (func->funcid == F_SPLIT_PART && IsA(lthird(func->args), Const) && !place->constisnull)
	{
		*separator = TextDatumGetCString(place->constvalue);
		place = lthird(func->args);
	}
	if (place->constisnull || place->consttype != INT4OID)
		return 0;
	number = DatumGetInt32(place->constvalue);
	if (number < 1)
		return 0;
	switch (func->funcid)
	{
		case F_LEFT:
			return 1;
		case F_RIGHT:
			return -number;
		case F_SUBSTR_TEXT_INT4:
		case F_SUBSTR_TEXT_INT4_INT4:
		case F_SUBSTRING_TEXT_INT4:
		case F_SUBSTRING_TEXT_INT4_INT4:
		case F_SPLIT_PART:
			return number;
		default:
			return 0;
	}
}

/* A function in a language of its own: the literals in its source tell what it looks for. */
static bool
note_source(Oid funcid, void *context)
{
	RowsMention *mention = context;
	HeapTuple tuple;
	Datum source;
	bool isnull;

	if (funcid < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	if (!HeapTupleIsValid(tuple))
		return false;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	if (!isnull && ((Form_pg_proc) GETSTRUCT(tuple))->prolang != ClanguageId)
		read_source(mention, TextDatumGetCString(source));
	ReleaseSysCache(tuple);
	return false;
}

static void
note_sources(RowsMention *mention, Node *node)
{
	check_functions_in_node(node, note_source, mention);
}

static void
read_source(RowsMention *mention, char *source)
{
	for (char *p = source; *p != '\0' && list_length(mention->texts) < MOST_MENTIONED; p++)
	{
		CHECK_FOR_INTERRUPTS();
		if (*p == '\'')
		{
			char *end = strchr(p + 1, '\'');
			RowsPatternBound *pattern;

			if (end == NULL)
				return;
			if (end - p <= ROWS_LONGEST_CANDIDATE)
			{
				pattern = palloc0(sizeof(RowsPatternBound));
				pattern->text = pnstrdup(p + 1, end - p - 1);
				mention->texts = lappend(mention->texts, (void *) pattern->text);
				mention->patterns = lappend(mention->patterns, pattern);
			}
			p = end;
		}
		else if (isdigit((unsigned char) *p) && (p == source || !isalnum((unsigned char) p[-1])))
		{
			long number = strtol(p, &p, 10);

			if (number < 1000000 && list_length(mention->numbers) < MOST_MENTIONED)
				mention->numbers = lappend_int(mention->numbers, (int) number);
			p--;
		}
	}
}
