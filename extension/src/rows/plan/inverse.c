/*-------------------------------------------------------------------------
 *
 * inverse.c
 *	  Isolates a column in a term by the inverse of each operator and function around it:
 *	  net + tax = total gives net = total - tax.
 *
 * Where there is no inverse, what the column has besides stays: of left(x, 2) = 'ab' the rest
 * of x.  The result is a guess, and it must call none but PostgreSQL's own functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "rows/plan/build_expression.h"
#include "rows/plan/inverse.h"

#define DEEPEST_TERM 16

static Node *unit_of(Node *name);
static Node *units(Node *number, Node *name);
static Node *float_one(void);
static Node *isolate_operand(OpExpr *op, Node *other, AttrNumber attnum, Node **term);
static Node *isolate_argument(FuncExpr *func, Node *other, AttrNumber attnum, Node **term);

bool
rows_uses_column(Node *node, AttrNumber attnum)
{
	Bitmapset *attributes = NULL;
	bool result;

	pull_varattnos(node, 1, &attributes);
	result = bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, attributes);
	bms_free(attributes);
	return result;
}

/* The value of the column for which term equals other; NULL if not known. */
Node *
rows_isolate(Node *term, Node *other, AttrNumber attnum)
{
	for (int depth = 0; depth < DEEPEST_TERM && other != NULL; depth++)
	{
		check_stack_depth();
		if (IsA(term, Var))
			return ((Var *) term)->varattno == attnum ? other : NULL;
		if (IsA(term, RelabelType))
			term = (Node *) ((RelabelType *) term)->arg;
		else if (IsA(term, CoerceViaIO))
			term = (Node *) ((CoerceViaIO *) term)->arg;
		else if (IsA(term, CoerceToDomain))
			term = (Node *) ((CoerceToDomain *) term)->arg;
		else if (IsA(term, OpExpr))
			other = isolate_operand((OpExpr *) term, other, attnum, &term);
		else if (IsA(term, FuncExpr))
			other = isolate_argument((FuncExpr *) term, other, attnum, &term);
		else if (IsA(term, CoalesceExpr) || IsA(term, MinMaxExpr))
		{
			List *args = IsA(term, CoalesceExpr) ? ((CoalesceExpr *) term)->args
												 : ((MinMaxExpr *) term)->args;
			ListCell *cell;

			foreach (cell, args)
			{
				if (rows_uses_column(lfirst(cell), attnum))
				{
					term = lfirst(cell);
					break;
				}
			}
		}
		else
			return NULL;
	}
	return NULL;
}

/* The interval that the name of a field counts; NULL if it is not a constant, or another. */
static Node *
unit_of(Node *name)
{
	static const struct
	{
		const char *name;
		int months;
		int days;
		int64 seconds;
	} units[] = {{"epoch", 0, 0, 1},   {"second", 0, 0, 1},	 {"minute", 0, 0, 60},
				 {"hour", 0, 0, 3600}, {"day", 0, 1, 0},	 {"dow", 0, 1, 0},
				 {"isodow", 0, 1, 0},  {"doy", 0, 1, 0},	 {"week", 0, 7, 0},
				 {"month", 1, 0, 0},   {"quarter", 3, 0, 0}, {"year", 12, 0, 0},
				 {"isoyear", 12, 0, 0}};
	const Const *constant = (const Const *) name;

	if (!IsA(name, Const) || constant->constisnull)
		return NULL;
	for (int i = 0; i < lengthof(units); i++)
	{
		Interval *interval;

		if (strcmp(TextDatumGetCString(constant->constvalue), units[i].name) != 0)
			continue;
		interval = palloc0(sizeof(Interval));
		interval->month = units[i].months;
		interval->day = units[i].days;
		interval->time = units[i].seconds * USECS_PER_SEC;
		return (Node *) makeConst(INTERVALOID, -1, InvalidOid, sizeof(Interval),
								  IntervalPGetDatum(interval), false, false);
	}
	return NULL;
}

/* So many of the units that the name of a field counts. */
static Node *
units(Node *number, Node *name)
{
	if (number == NULL)
		return NULL;
	return rows_build_operation("*",
								coerce_to_target_type(NULL, number, exprType(number), FLOAT8OID, -1,
													  COERCION_EXPLICIT, COERCE_EXPLICIT_CAST, -1),
								unit_of(name));
}

static Node *
float_one(void)
{
	return (Node *) makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8), Float8GetDatum(1), false,
							  FLOAT8PASSBYVAL);
}

static Node *
isolate_operand(OpExpr *op, Node *other, AttrNumber attnum, Node **term)
{
	char *name = get_opname(op->opno);
	Node *left = linitial(op->args);
	Node *right = list_length(op->args) == 2 ? lsecond(op->args) : NULL;
	bool is_left = rows_uses_column(left, attnum);

	if (name == NULL || op->opfuncid >= FirstNormalObjectId)
		return NULL;
	if (right == NULL)
	{
		*term = left;
		return *name == '-' || *name == '~' ? rows_build_operation(name, NULL, other) : other;
	}
	*term = is_left ? left : right;
	if (strcmp(name, ">>") == 0 || strcmp(name, "<<") == 0)
		return is_left ? rows_build_operation(*name == '>' ? "<<" : ">>", other, right) : NULL;
	if (strlen(name) != 1)
		return NULL;
	switch (*name)
	{
		case '+':
			return rows_build_operation("-", other, is_left ? right : left);
		case '-':
			return is_left ? rows_build_operation("+", other, right)
						   : rows_build_operation("-", left, other);
		case '*':
			return rows_build_operation("/", other, is_left ? right : left);
		case '/':
			return is_left ? rows_build_operation("*", other, right)
						   : rows_build_operation("/", left, other);
		case '%':
			/* the multiple below the value, and the rest that is wanted */
			return is_left
					   ? rows_build_operation("+",
											  rows_build_operation("-", left,
																   rows_build_operation("%", left,
																						right)),
											  other)
					   : NULL;
		case '#':
			return rows_build_operation("#", other, is_left ? right : left);
		case '&':
			/* the bits that the mask leaves out stay */
			return rows_build_operation("|",
										rows_build_operation("&", *term,
															 rows_build_operation("~", NULL,
																				  is_left ? right
																						  : left)),
										other);
		case '|':
			return other;
		case '^':
			return is_left ? rows_build_operation("^", other,
												  rows_build_operation("/", float_one(), right))
						   : NULL;
		default:
			return NULL;
	}
}

static Node *
isolate_argument(FuncExpr *func, Node *other, AttrNumber attnum, Node **term)
{
	SQLValueFunction *today;
	Node *first;

	if (func->args == NIL || func->funcid >= FirstNormalObjectId)
		return NULL;
	first = linitial(func->args);
	*term = first;
	switch (func->funcid)
	{
		case F_AGE_TIMESTAMP:
		case F_AGE_TIMESTAMPTZ:
			today = makeNode(SQLValueFunction);
			today->op = SVFOP_CURRENT_DATE;
			today->type = DATEOID;
			today->typmod = today->location = -1;
			return rows_build_operation("-", (Node *) today, other);
		case F_AGE_TIMESTAMP_TIMESTAMP:
		case F_AGE_TIMESTAMPTZ_TIMESTAMPTZ:
			if (rows_uses_column(first, attnum))
				return rows_build_operation("+", lsecond(func->args), other);
			*term = lsecond(func->args);
			return rows_build_operation("-", first, other);
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
			*term = lsecond(func->args);
			return other;
		case F_LEFT:
			/* the rest stays */
			return rows_uses_column(first, attnum)
					   ? rows_build_operation("||", other,
											  rows_build_call(F_SUBSTR_TEXT_INT4, TEXTOID, first,
															  rows_build_operation("+",
																				   lsecond(func->args),
																				   rows_build_integer(
																					   1)),
															  NULL, NULL))
					   : NULL;
		case F_RIGHT:
			return rows_uses_column(first, attnum)
					   ? rows_build_operation("||",
											  rows_build_call(F_LEFT, TEXTOID, first,
															  rows_build_operation("-", NULL,
																				   lsecond(func->args)),
															  NULL, NULL),
											  other)
					   : NULL;
		case F_SUBSTR_TEXT_INT4:
		case F_SUBSTR_TEXT_INT4_INT4:
		case F_SUBSTRING_TEXT_INT4:
		case F_SUBSTRING_TEXT_INT4_INT4:
			return rows_uses_column(first, attnum) && exprType(other) == TEXTOID
					   ? rows_build_call(F_OVERLAY_TEXT_TEXT_INT4, TEXTOID, first, other,
										 lsecond(func->args), NULL)
					   : NULL;
		case F_EXTRACT_TEXT_INTERVAL:
		case F_DATE_PART_TEXT_INTERVAL:
			*term = lsecond(func->args);
			return units(other, first);
		case F_EXTRACT_TEXT_DATE:
		case F_EXTRACT_TEXT_TIME:
		case F_EXTRACT_TEXT_TIMESTAMP:
		case F_EXTRACT_TEXT_TIMESTAMPTZ:
		case F_DATE_PART_TEXT_DATE:
		case F_DATE_PART_TEXT_TIME:
		case F_DATE_PART_TEXT_TIMESTAMP:
		case F_DATE_PART_TEXT_TIMESTAMPTZ:
			/* the other fields stay */
			*term = lsecond(func->args);
			return rows_build_operation("+", copyObject(*term),
										units(rows_build_operation("-", other,
																   copyObject((Node *) func)),
											  first));
		case F_SQRT_FLOAT8:
		case F_SQRT_NUMERIC:
			return rows_build_operation("*", other, other);
		case F_POWER_FLOAT8_FLOAT8:
		case F_POW_FLOAT8_FLOAT8:
			return rows_uses_column(first, attnum)
					   ? rows_build_operation("^", other,
											  rows_build_operation("/", float_one(),
																   lsecond(func->args)))
					   : NULL;
		default:
			/* upper(x) = 'A', abs(x) = 1, a cast: the value itself, mostly */
			return rows_uses_column(first, attnum) &&
						   TypeCategory(exprType(first)) == TypeCategory(func->funcresulttype)
					   ? other
					   : NULL;
	}
}
