/*-------------------------------------------------------------------------
 *
 * equation.c
 *	  Solves the comparisons in a condition for one column: total = net + tax gives
 *	  net = total - tax.
 *
 * A solution is only a guess; the condition itself decides.  It must call no function of
 * others that the condition does not call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_oper.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/trial.h"

#define DEEPEST_TERM   16
#define MOST_SOLUTIONS 12

typedef struct Solving
{
	AttrNumber attnum;
	Oid type;
	int32 typmod;
	Node *condition;
	List *solutions;
} Solving;

static bool find_comparisons(Node *node, void *context);
static void solve(Solving *solving, Node *term, Node *other);
static Node *solution_of(Solving *solving, Node *term, Node *other);
static void add_element(Solving *solving, List *args);
static void add_address(Solving *solving, Node *network);
static void add_contained(Solving *solving, OpExpr *op);
static Node *isolate(Node *term, Node *other, AttrNumber attnum);
static Node *integer(int32 number);
static Node *call(Oid funcid, Oid type, Node *first, Node *second, Node *third, Node *fourth);
static Node *unit_of(Node *name);
static Node *units(Node *number, Node *name);
static Node *float_one(void);
static Node *isolate_operand(OpExpr *op, Node *other, AttrNumber attnum, Node **term);
static Node *isolate_argument(FuncExpr *func, Node *other, AttrNumber attnum, Node **term);
static bool uses(Node *node, AttrNumber attnum);
static Node *operation(const char *name, Node *left, Node *right);

/* A list of Expr of the column's base type. */
List *
rows_solve(Node *condition, RowsColumn *column, Oid type, int32 typmod)
{
	Solving solving = {.attnum = column->attnum};

	solving.type = getBaseTypeAndTypmod(type, &typmod);
	solving.typmod = typmod;
	solving.condition = condition;
	find_comparisons(condition, &solving);
	return solving.solutions;
}

/* Also operators that compare otherwise: a && b, a @> b, a LIKE b. */
static bool
find_comparisons(Node *node, void *context)
{
	Solving *solving = context;
	List *args = NIL;

	if (node == NULL || list_length(solving->solutions) >= MOST_SOLUTIONS)
		return false;
	if (IsA(node, OpExpr) && ((OpExpr *) node)->opresulttype == BOOLOID)
		args = ((OpExpr *) node)->args;
	else if (IsA(node, DistinctExpr))
		args = ((DistinctExpr *) node)->args;
	if (list_length(args) == 2)
	{
		solve(solving, linitial(args), lsecond(args));
		solve(solving, lsecond(args), linitial(args));
		if (IsA(node, OpExpr))
			add_contained(solving, (OpExpr *) node);
	}
	if (IsA(node, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) node)->useOr)
		add_element(solving, ((ScalarArrayOpExpr *) node)->args);
	/* two columns as arguments: tstzrange(s, e) is like s < e */
	if (IsA(node, FuncExpr) && list_length(((FuncExpr *) node)->args) >= 2)
	{
		args = ((FuncExpr *) node)->args;
		if (((FuncExpr *) node)->funcid == F_STARTS_WITH)
			solve(solving, linitial(args), operation("||", lsecond(args), linitial(args)));
		if (exprType(linitial(args)) == exprType(lsecond(args)))
		{
			solve(solving, linitial(args), lsecond(args));
			solve(solving, lsecond(args), linitial(args));
		}
	}
	return expression_tree_walker(node, find_comparisons, context);
}

/* Terms are copied on the way: of a long condition, many of them. */
static void
solve(Solving *solving, Node *term, Node *other)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext copies;
	Node *solution;

	CHECK_FOR_INTERRUPTS();
	if (other == NULL || rows_is_large(other) || !uses(term, solving->attnum))
		return;
	copies = AllocSetContextCreate(old, "poc_barman terms", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(copies);
	solution = solution_of(solving, term, other);
	MemoryContextSwitchTo(old);
	if (solution != NULL)
		solving->solutions = lappend(solving->solutions, copyObject(solution));
	MemoryContextDelete(copies);
}

/* NULL: not known, or of a type that the column does not take */
static Node *
solution_of(Solving *solving, Node *term, Node *other)
{
	Node *solution;

	solution = isolate(copyObject(term), copyObject(other), solving->attnum);
	if (solution == NULL || (IsA(solution, Var) && ((Var *) solution)->varattno == solving->attnum))
		return NULL;
	if (!can_coerce_type(1, (Oid[]){exprType(solution)}, &solving->type, COERCION_ASSIGNMENT))
		return NULL;
	solution = coerce_to_target_type(NULL, solution, exprType(solution), solving->type,
									 solving->typmod, COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
	if (solution == NULL || !rows_calls_no_more(solution, solving->condition))
		return NULL;
	return solution;
}

/* a = ANY (b): the first element of b. */
static void
add_element(Solving *solving, List *args)
{
	Node *array = lsecond(args);
	SubscriptingRef *first;

	if (!IsA(array, Var) || !uses(linitial(args), solving->attnum) ||
		uses(array, solving->attnum) || !type_is_array(exprType(array)))
		return;
	first = makeNode(SubscriptingRef);
	first->refcontainertype = exprType(array);
	first->refelemtype = get_element_type(exprType(array));
	first->refrestype = first->refelemtype;
	first->reftypmod = -1;
	first->refcollid = get_typcollation(first->refelemtype);
	first->refupperindexpr = list_make1(integer(1));
	first->refexpr = (Expr *) copyObject(array);
	solve(solving, linitial(args), (Node *) first);
}

/* The last address of a network. */
static void
add_address(Solving *solving, Node *network)
{
	Node *last = (Node *) makeFuncExpr(F_BROADCAST, INETOID, list_make1(copyObject(network)),
									   InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	CoerceViaIO *address = makeNode(CoerceViaIO);

	if (solving->type != INETOID || uses(network, solving->attnum))
		return;
	/* without the network's mask */
	address->arg = (Expr *) makeFuncExpr(F_HOST, TEXTOID, list_make1(last), DEFAULT_COLLATION_OID,
										 InvalidOid, COERCE_EXPLICIT_CALL);
	address->resulttype = INETOID;
	address->coerceformat = COERCE_EXPLICIT_CAST;
	address->location = -1;
	solving->solutions = lappend(solving->solutions, address);
}

/* a @> b: a and b together keep what other conditions ask of a. */
static void
add_contained(Solving *solving, OpExpr *op)
{
	Node *column = linitial(op->args);
	Node *both;

	set_opfuncid(op);
	if ((op->opfuncid == F_NETWORK_SUB || op->opfuncid == F_NETWORK_SUBEQ) &&
		uses(column, solving->attnum))
	{
		add_address(solving, lsecond(op->args));
		return;
	}
	/* j ? key */
	if (op->opfuncid == F_JSONB_EXISTS && IsA(column, Var) &&
		((Var *) column)->varattno == solving->attnum)
	{
		both = operation("||", copyObject(column),
						 call(F_JSONB_BUILD_OBJECT_ANY, JSONBOID, lsecond(op->args), integer(1),
							  NULL, NULL));
		if (both != NULL && !IsA(lsecond(op->args), Const))
			solving->solutions = lappend(solving->solutions, both);
		return;
	}
	if ((op->opfuncid != F_JSONB_CONTAINS && op->opfuncid != F_ARRAYCONTAINS) ||
		!IsA(column, Var) || ((Var *) column)->varattno != solving->attnum)
		return;
	if (rows_is_large(lsecond(op->args)))
		return;
	both = operation("||", copyObject(column), copyObject(lsecond(op->args)));
	if (both != NULL && exprType(both) == solving->type)
		solving->solutions = lappend(solving->solutions, both);
}

/* The value of the column for which term equals other; NULL if not known. */
static Node *
isolate(Node *term, Node *other, AttrNumber attnum)
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
				if (uses(lfirst(cell), attnum))
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

static Node *
integer(int32 number)
{
	return (Node *) makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(number), false,
							  true);
}

/* A call of a function of PostgreSQL's own, with up to four arguments. */
static Node *
call(Oid funcid, Oid type, Node *first, Node *second, Node *third, Node *fourth)
{
	Node *given[] = {first, second, third, fourth};
	List *args = NIL;

	for (int i = 0; i < lengthof(given) && given[i] != NULL; i++)
		args = lappend(args, given[i]);
	return (Node *) makeFuncExpr(funcid, type, args, DEFAULT_COLLATION_OID, DEFAULT_COLLATION_OID,
								 COERCE_EXPLICIT_CALL);
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
	return operation("*",
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
	bool is_left = uses(left, attnum);

	if (name == NULL || op->opfuncid >= FirstNormalObjectId)
		return NULL;
	if (right == NULL)
	{
		*term = left;
		return *name == '-' || *name == '~' ? operation(name, NULL, other) : other;
	}
	*term = is_left ? left : right;
	if (strcmp(name, ">>") == 0 || strcmp(name, "<<") == 0)
		return is_left ? operation(*name == '>' ? "<<" : ">>", other, right) : NULL;
	if (strlen(name) != 1)
		return NULL;
	switch (*name)
	{
		case '+':
			return operation("-", other, is_left ? right : left);
		case '-':
			return is_left ? operation("+", other, right) : operation("-", left, other);
		case '*':
			return operation("/", other, is_left ? right : left);
		case '/':
			return is_left ? operation("*", other, right) : operation("/", left, other);
		case '%':
			/* the multiple below the value, and the rest that is wanted */
			return is_left ? operation("+", operation("-", left, operation("%", left, right)), other)
						   : NULL;
		case '#':
			return operation("#", other, is_left ? right : left);
		case '&':
			/* the bits that the mask leaves out stay */
			return operation("|", operation("&", *term, operation("~", NULL, is_left ? right : left)),
							 other);
		case '|':
			return other;
		case '^':
			return is_left ? operation("^", other, operation("/", float_one(), right)) : NULL;
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
			return operation("-", (Node *) today, other);
		case F_AGE_TIMESTAMP_TIMESTAMP:
		case F_AGE_TIMESTAMPTZ_TIMESTAMPTZ:
			if (uses(first, attnum))
				return operation("+", lsecond(func->args), other);
			*term = lsecond(func->args);
			return operation("-", first, other);
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
			*term = lsecond(func->args);
			return other;
		case F_LEFT:
			/* the rest stays */
			return uses(first, attnum)
					   ? operation("||", other,
								   call(F_SUBSTR_TEXT_INT4, TEXTOID, first,
										operation("+", lsecond(func->args), integer(1)), NULL, NULL))
					   : NULL;
		case F_RIGHT:
			return uses(first, attnum)
					   ? operation("||",
								   call(F_LEFT, TEXTOID, first,
										operation("-", NULL, lsecond(func->args)), NULL, NULL),
								   other)
					   : NULL;
		case F_SUBSTR_TEXT_INT4:
		case F_SUBSTR_TEXT_INT4_INT4:
		case F_SUBSTRING_TEXT_INT4:
		case F_SUBSTRING_TEXT_INT4_INT4:
			return uses(first, attnum) && exprType(other) == TEXTOID
					   ? call(F_OVERLAY_TEXT_TEXT_INT4, TEXTOID, first, other, lsecond(func->args),
							  NULL)
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
			return operation("+", copyObject(*term),
							 units(operation("-", other, copyObject((Node *) func)), first));
		case F_SQRT_FLOAT8:
		case F_SQRT_NUMERIC:
			return operation("*", other, other);
		case F_POWER_FLOAT8_FLOAT8:
		case F_POW_FLOAT8_FLOAT8:
			return uses(first, attnum)
					   ? operation("^", other, operation("/", float_one(), lsecond(func->args)))
					   : NULL;
		default:
			/* upper(x) = 'A', abs(x) = 1, a cast: the value itself, mostly */
			return uses(first, attnum) &&
						   TypeCategory(exprType(first)) == TypeCategory(func->funcresulttype)
					   ? other
					   : NULL;
	}
}

static bool
uses(Node *node, AttrNumber attnum)
{
	Bitmapset *attributes = NULL;
	bool result;

	pull_varattnos(node, 1, &attributes);
	result = bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, attributes);
	bms_free(attributes);
	return result;
}

/* left NAME right, by an operator of PostgreSQL's own; NULL if there is none. */
static Node *
operation(const char *name, Node *left, Node *right)
{
	List *qualified = list_make2(makeString("pg_catalog"), makeString(pstrdup(name)));
	Operator tuple;

	if (right == NULL || (left == NULL && strcmp(name, "-") != 0))
		return NULL;
	tuple = left == NULL ? left_oper(NULL, qualified, exprType(right), true, -1)
						 : oper(NULL, qualified, exprType(left), exprType(right), true, -1);
	if (tuple == NULL)
		return NULL;
	ReleaseSysCache(tuple);
	return (Node *) make_op(make_parsestate(NULL), qualified, left, right, NULL, -1);
}
