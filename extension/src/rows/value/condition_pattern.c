/*-------------------------------------------------------------------------
 *
 * condition_pattern.c
 *	  Patterns that a condition compares a column with: regular expressions, LIKE,
 *	  SIMILAR TO, starts_with().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "rows/value/bounds.h"
#include "rows/value/regex.h"

#define NOT_A_PATTERN (-1)

static RowsPatternBound *pattern_of(int kind, Oid funcid, List *args, AttrNumber attnum);
static int kind_of_operator(Oid opno);
static int kind_of_function(Oid funcid);
static bool is_text(const Const *constant);
static char *starting_with(const char *start);

/* Add the patterns that a comparison mentions, whatever it compares with them. */
List *
rows_add_patterns(List *patterns, Node *comparison, Const *constant)
{
	int kind = NOT_A_PATTERN;
	RowsPatternBound *pattern;

	if (IsA(comparison, OpExpr))
		kind = kind_of_operator(((OpExpr *) comparison)->opno);
	else if (IsA(comparison, ScalarArrayOpExpr))
		kind = kind_of_operator(((ScalarArrayOpExpr *) comparison)->opno);
	else if (IsA(comparison, FuncExpr))
		kind = kind_of_function(((FuncExpr *) comparison)->funcid);
	if (kind == NOT_A_PATTERN || !is_text(constant))
		return patterns;
	pattern = palloc(sizeof(RowsPatternBound));
	pattern->kind = kind;
	pattern->text = TextDatumGetCString(constant->constvalue);
	if (IsA(comparison, FuncExpr) && ((FuncExpr *) comparison)->funcid == F_STARTS_WITH)
		pattern->text = starting_with(pattern->text);
	return lappend(patterns, pattern);
}

/* The pattern, if the whole condition is a comparison with one; or NULL. */
RowsPatternBound *
rows_read_pattern(Node *condition, AttrNumber attnum)
{
	if (IsA(condition, OpExpr))
		return pattern_of(kind_of_operator(((OpExpr *) condition)->opno), InvalidOid,
						  ((OpExpr *) condition)->args, attnum);
	if (IsA(condition, FuncExpr))
		return pattern_of(kind_of_function(((FuncExpr *) condition)->funcid),
						  ((FuncExpr *) condition)->funcid, ((FuncExpr *) condition)->args, attnum);
	return NULL;
}

/* By name: citext and the like have operators of their own. */
static int
kind_of_operator(Oid opno)
{
	char *name = get_opname(opno);
	Oid left;
	Oid right;
	char category;
	bool preferred;

	if (name == NULL || name[0] != '~')
		return NOT_A_PATTERN;
	op_input_types(opno, &left, &right);
	if (!OidIsValid(right))
		return NOT_A_PATTERN;
	get_type_category_preferred(right, &category, &preferred);
	if (category != TYPCATEGORY_STRING)
		return NOT_A_PATTERN;
	if (strcmp(name, "~") == 0)
		return ROWS_PATTERN_REGEX;
	if (strcmp(name, "~*") == 0)
		return ROWS_PATTERN_REGEX_ANY_CASE;
	if (strcmp(name, "~~") == 0 || strcmp(name, "~~*") == 0)
		return ROWS_PATTERN_LIKE;
	return NOT_A_PATTERN;
}

static int
kind_of_function(Oid funcid)
{
	switch (funcid)
	{
		case F_REGEXP_LIKE_TEXT_TEXT:
			return ROWS_PATTERN_REGEX;
		case F_STARTS_WITH:
			return ROWS_PATTERN_LIKE;
		default:
			return NOT_A_PATTERN;
	}
}

static RowsPatternBound *
pattern_of(int kind, Oid funcid, List *args, AttrNumber attnum)
{
	RowsPatternBound *pattern;
	Const *constant;

	if (kind == NOT_A_PATTERN || list_length(args) != 2 || !rows_is_subject(linitial(args), attnum))
		return NULL;
	constant = rows_constant_of(lsecond(args));
	if (constant == NULL || constant->constisnull || !is_text(constant))
		return NULL;
	pattern = palloc(sizeof(RowsPatternBound));
	pattern->kind = kind;
	pattern->text = TextDatumGetCString(constant->constvalue);
	if (funcid == F_STARTS_WITH)
		pattern->text = starting_with(pattern->text);
	return pattern;
}

/* Somebody's operator may take a name, whose image is no text. */
static bool
is_text(const Const *constant)
{
	char category;
	bool preferred;

	get_type_category_preferred(constant->consttype, &category, &preferred);
	return category == TYPCATEGORY_STRING && constant->constlen == -1;
}

/* The LIKE pattern of what starts with a string. */
static char *
starting_with(const char *start)
{
	StringInfoData pattern;

	initStringInfo(&pattern);
	for (; *start != '\0'; start++)
	{
		if (strchr("%_\\", *start) != NULL)
			appendStringInfoChar(&pattern, '\\');
		appendStringInfoChar(&pattern, *start);
	}
	appendStringInfoChar(&pattern, '%');
	return pattern.data;
}
