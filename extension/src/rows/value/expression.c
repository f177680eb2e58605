/*-------------------------------------------------------------------------
 *
 * expression.c
 *	  Parts of a condition: its subject, and what has a value without a row.
 *
 * Whoever only asks what a load would do must not run code of others: rows_own_code_only()
 * says so before a plan is made, since types and domains are read without the plan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "rows/value/bounds.h"

typedef struct NodeCount
{
	int found;
	int most;
} NodeCount;

static bool count_nodes(Node *node, void *context);
static bool depends_on_role(Node *node, void *context);
static bool contains_domain_value(Node *node, void *context);

static bool own_code_only = false;

/*
 * From now on: evaluate PostgreSQL's own code only, or any.  Returns what was so before, which
 * the caller restores, however it ends: code of others may begin a plan within a plan.
 */
bool
rows_own_code_only(bool only)
{
	bool before = own_code_only;

	own_code_only = only;
	return before;
}

/* Evaluate the constant parts of an expression, unless that runs what it must not. */
Node *
rows_simplify(Node *node)
{
	return rows_may_run(node) ? eval_const_expressions(NULL, node) : node;
}

/* May an expression be evaluated, as far as whose code it runs, and as whom? */
bool
rows_may_run(Node *node)
{
	return !own_code_only || !(rows_runs_others(node) || depends_on_role(node, NULL));
}

/* May an expression be tried on values, though it may be volatile: query_to_xml() runs any query? */
bool
rows_may_try(Node *node)
{
	return rows_may_run(node) && !(own_code_only && contain_volatile_functions(node));
}

/* May a value of a type be read from text? */
bool
rows_may_read(Oid type)
{
	return !own_code_only || !rows_reads_domain(type);
}

/* A plan that only explains is made in another role, and with another search_path, than a load. */
static bool
depends_on_role(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SQLValueFunction) && exprType(node) == NAMEOID)
		return true;
	if (IsA(node, FuncExpr) && (((FuncExpr *) node)->funcid == F_CURRENT_SCHEMA ||
								((FuncExpr *) node)->funcid == F_CURRENT_SCHEMAS))
		return true;
	return expression_tree_walker(node, depends_on_role, context);
}

/* Adds the nodes of an expression to a number of them, and stops where that is beyond the most: true. */
bool
rows_counts_beyond(Node *node, int *nnodes, int most)
{
	NodeCount count = {*nnodes, most};
	bool beyond = count_nodes(node, &count);

	*nnodes = count.found;
	return beyond;
}

static bool
count_nodes(Node *node, void *context)
{
	NodeCount *count = context;

	if (node == NULL)
		return false;
	if (++count->found > count->most)
		return true;
	return expression_tree_walker(node, count_nodes, context);
}

/* Is this the column, or a cast of the column to a wider type? */
bool
rows_is_subject(Node *node, AttrNumber attnum)
{
	for (;;)
	{
		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (IsA(node, CoerceToDomain))
			node = (Node *) ((CoerceToDomain *) node)->arg;
		else if (IsA(node, FuncExpr) && ((FuncExpr *) node)->funcformat == COERCE_IMPLICIT_CAST &&
				 list_length(((FuncExpr *) node)->args) == 1)
			node = linitial(((FuncExpr *) node)->args);
		else
			break;
	}
	if (attnum == InvalidAttrNumber)
		return IsA(node, CoerceToDomainValue);
	return IsA(node, Var) && ((Var *) node)->varattno == attnum;
}

static bool
contains_domain_value(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CoerceToDomainValue))
		return true;
	return expression_tree_walker(node, contains_domain_value, context);
}

/* Evaluates an expression without columns, such as CURRENT_DATE. */
Const *
rows_constant_of(Node *node)
{
	EState *estate;
	ExprState *state;
	MemoryContext old;
	Oid type = exprType(node);
	int16 typlen;
	bool typbyval;
	Datum datum;
	bool isnull;

	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (IsA(node, Const))
		return (Const *) node;
	if (contain_var_clause(node) || contain_volatile_functions(node) || contain_subplans(node) ||
		contains_domain_value(node, NULL) || !rows_may_run(node))
		return NULL;

	get_typlenbyval(type, &typlen, &typbyval);
	estate = CreateExecutorState();
	old = MemoryContextSwitchTo(estate->es_query_cxt);
	state = ExecPrepareExpr((Expr *) node, estate);
	datum = ExecEvalExpr(state, GetPerTupleExprContext(estate), &isnull);
	MemoryContextSwitchTo(old);
	if (!isnull)
		datum = datumCopy(datum, typbyval, typlen);
	FreeExecutorState(estate);
	return makeConst(type, -1, get_typcollation(type), typlen, datum, isnull, typbyval);
}
