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

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_coerce.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "rows/plan/build_expression.h"
#include "rows/plan/inverse.h"
#include "rows/plan/moves.h"
#include "rows/plan/trial.h"

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
			solve(solving, linitial(args), rows_build_operation("||", lsecond(args), linitial(args)));
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
	if (other == NULL || rows_is_large(other) || !rows_uses_column(term, solving->attnum))
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

	solution = rows_isolate(copyObject(term), copyObject(other), solving->attnum);
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

	if (!IsA(array, Var) || !rows_uses_column(linitial(args), solving->attnum) ||
		rows_uses_column(array, solving->attnum) || !type_is_array(exprType(array)))
		return;
	first = makeNode(SubscriptingRef);
	first->refcontainertype = exprType(array);
	first->refelemtype = get_element_type(exprType(array));
	first->refrestype = first->refelemtype;
	first->reftypmod = -1;
	first->refcollid = get_typcollation(first->refelemtype);
	first->refupperindexpr = list_make1(rows_build_integer(1));
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

	if (solving->type != INETOID || rows_uses_column(network, solving->attnum))
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
		rows_uses_column(column, solving->attnum))
	{
		add_address(solving, lsecond(op->args));
		return;
	}
	/* j ? key */
	if (op->opfuncid == F_JSONB_EXISTS && IsA(column, Var) &&
		((Var *) column)->varattno == solving->attnum)
	{
		both = rows_build_operation("||", copyObject(column),
									rows_build_call(F_JSONB_BUILD_OBJECT_ANY, JSONBOID,
													lsecond(op->args), rows_build_integer(1), NULL,
													NULL));
		if (both != NULL && !IsA(lsecond(op->args), Const))
			solving->solutions = lappend(solving->solutions, both);
		return;
	}
	if ((op->opfuncid != F_JSONB_CONTAINS && op->opfuncid != F_ARRAYCONTAINS) ||
		!IsA(column, Var) || ((Var *) column)->varattno != solving->attnum)
		return;
	if (rows_is_large(lsecond(op->args)))
		return;
	both = rows_build_operation("||", copyObject(column), copyObject(lsecond(op->args)));
	if (both != NULL && exprType(both) == solving->type)
		solving->solutions = lappend(solving->solutions, both);
}
