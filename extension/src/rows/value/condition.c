/*-------------------------------------------------------------------------
 *
 * condition.c
 *	  What one condition says about the values of a column, or of a domain.
 *
 * Reads comparisons with constants, BETWEEN, IN and the length of a string.  It must
 * report any other condition as not understood, so that the caller tries it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "rows/value/bounds.h"

static bool read_operator(OpExpr *op, AttrNumber attnum, RowsBounds *bounds);
static bool read_in_list(ScalarArrayOpExpr *in, AttrNumber attnum, RowsBounds *bounds);
static bool meet_choices(RowsBounds *bounds, List *choices);
static bool read_or(BoolExpr * or, AttrNumber attnum, RowsBounds *bounds);
static bool is_subject(Node *node, AttrNumber attnum);
static bool is_length_of_subject(Node *node, AttrNumber attnum);
static int comparison(Oid opno, Oid type);
static bool contains_domain_value(Node *node, void *context);
static Const *constant_of(Node *node);

/*
 * Read one condition on a column (or, with InvalidAttrNumber, on the value of
 * a domain) into the bounds.  Returns true if the bounds imply the condition.
 */
bool
rows_read_condition(Node *node, AttrNumber attnum, RowsBounds *bounds)
{
	if (is_andclause(node))
	{
		bool understood = true;
		ListCell *cell;

		foreach (cell, ((BoolExpr *) node)->args)
			understood &= rows_read_condition(lfirst(cell), attnum, bounds);
		return understood;
	}
	if (is_orclause(node))
		return read_or((BoolExpr *) node, attnum, bounds);
	if (IsA(node, OpExpr))
		return read_operator((OpExpr *) node, attnum, bounds);
	if (IsA(node, ScalarArrayOpExpr))
		return read_in_list((ScalarArrayOpExpr *) node, attnum, bounds);
	if (IsA(node, NullTest) && ((NullTest *) node)->nulltesttype == IS_NOT_NULL &&
		is_subject((Node *) ((NullTest *) node)->arg, attnum))
	{
		bounds->not_null = true;
		return true;
	}
	return false;
}

/* column < constant, constant < column, length(column) < constant */
static bool
read_operator(OpExpr *op, AttrNumber attnum, RowsBounds *bounds)
{
	Node *left;
	Node *right;
	Const *constant;
	int strategy;
	RowsBound *bound;

	if (list_length(op->args) != 2)
		return false;
	left = linitial(op->args);
	right = lsecond(op->args);
	strategy = comparison(op->opno, exprType(left));
	if (strategy == InvalidStrategy)
		return false;

	if (!is_subject(left, attnum) && !is_length_of_subject(left, attnum))
	{
		Node *swap = left;

		left = right;
		right = swap;
		strategy = BTMaxStrategyNumber + 1 - strategy;
	}
	constant = constant_of(right);
	if (constant == NULL || constant->constisnull)
		return false;

	if (is_length_of_subject(left, attnum))
	{
		int32 length;

		if (constant->consttype != INT4OID)
			return false;
		length = DatumGetInt32(constant->constvalue);
		if (strategy == BTLessStrategyNumber && length > 0)
			length--;
		else if (strategy == BTGreaterStrategyNumber && length < MaxAllocSize)
			length++;
		if (strategy >= BTEqualStrategyNumber)
			bounds->min_length = Max(bounds->min_length, length);
		if (strategy <= BTEqualStrategyNumber)
			bounds->max_length = (bounds->max_length < 0) ? length : Min(bounds->max_length, length);
		return true;
	}
	if (!is_subject(left, attnum))
		return false;

	if (strategy == BTEqualStrategyNumber)
		return meet_choices(bounds, list_make1(constant));
	bound = palloc(sizeof(RowsBound));
	bound->constant = constant;
	bound->open = (strategy == BTLessStrategyNumber || strategy == BTGreaterStrategyNumber);
	if (strategy > BTEqualStrategyNumber)
		bounds->lows = lappend(bounds->lows, bound);
	else
		bounds->highs = lappend(bounds->highs, bound);

	/* the order of text depends on the collation: try each value */
	return !type_is_collatable(exprType(left));
}

/* column IN (constants) */
static bool
read_in_list(ScalarArrayOpExpr *in, AttrNumber attnum, RowsBounds *bounds)
{
	Node *left = linitial(in->args);
	Const *constant;
	ArrayType *array;
	Oid element;
	int16 typlen;
	bool typbyval;
	char typalign;
	Datum *datums;
	bool *nulls;
	int ndatums;
	List *choices = NIL;

	if (!in->useOr || !is_subject(left, attnum) ||
		comparison(in->opno, exprType(left)) != BTEqualStrategyNumber)
		return false;
	constant = constant_of(lsecond(in->args));
	if (constant == NULL || constant->constisnull)
		return false;

	array = DatumGetArrayTypeP(constant->constvalue);
	element = ARR_ELEMTYPE(array);
	get_typlenbyvalalign(element, &typlen, &typbyval, &typalign);
	deconstruct_array(array, element, typlen, typbyval, typalign, &datums, &nulls, &ndatums);
	for (int i = 0; i < ndatums; i++)
	{
		if (!nulls[i])
			choices = lappend(choices, makeConst(element, -1, get_typcollation(element), typlen,
												 datums[i], false, typbyval));
	}
	return choices != NIL && meet_choices(bounds, choices);
}

/* Intersect the choices with those known so far. */
static bool
meet_choices(RowsBounds *bounds, List *choices)
{
	List *both = NIL;
	ListCell *cell;

	if (bounds->choices == NIL)
	{
		bounds->choices = choices;
		return true;
	}
	foreach (cell, bounds->choices)
	{
		Const *old = lfirst(cell);
		ListCell *other;

		foreach (other, choices)
		{
			Const *new = lfirst(other);

			if (old->consttype != new->consttype)
				return false;
			if (datumIsEqual(old->constvalue, new->constvalue, old->constbyval, old->constlen))
			{
				both = lappend(both, old);
				break;
			}
		}
	}
	if (both == NIL)
	{
		bounds->is_empty = bounds->may_be_empty;
		return bounds->may_be_empty;
	}
	bounds->choices = both;
	return true;
}

/* column = constant OR column = constant ..., perhaps OR column IS NULL */
static bool
read_or(BoolExpr * or, AttrNumber attnum, RowsBounds *bounds)
{
	List *choices = NIL;
	List *rest = NIL;
	ListCell *cell;

	foreach (cell, or->args)
	{
		Node *arm = lfirst(cell);

		if (IsA(arm, NullTest) && ((NullTest *) arm)->nulltesttype == IS_NULL &&
			is_subject((Node *) ((NullTest *) arm)->arg, attnum))
			continue;
		rest = lappend(rest, arm);
	}
	if (list_length(rest) == 1)
		return rows_read_condition(linitial(rest), attnum, bounds);

	foreach (cell, rest)
	{
		RowsBounds arm;

		rows_init_bounds(&arm);
		if (!rows_read_condition(lfirst(cell), attnum, &arm) || arm.choices == NIL ||
			arm.lows != NIL || arm.highs != NIL || arm.max_length >= 0 || arm.min_length >= 0)
			return false;
		choices = list_concat(choices, arm.choices);
	}
	return choices != NIL && meet_choices(bounds, choices);
}

/* Is this the column, or a cast of the column to a wider type? */
static bool
is_subject(Node *node, AttrNumber attnum)
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
is_length_of_subject(Node *node, AttrNumber attnum)
{
	FuncExpr *func = (FuncExpr *) node;

	if (!IsA(node, FuncExpr) || list_length(func->args) != 1)
		return false;
	switch (func->funcid)
	{
		case F_LENGTH_TEXT:
		case F_CHAR_LENGTH_TEXT:
		case F_CHARACTER_LENGTH_TEXT:
		case F_OCTET_LENGTH_TEXT:
		case F_LENGTH_BYTEA:
		case F_OCTET_LENGTH_BYTEA:
			return is_subject(linitial(func->args), attnum);
		default:
			return false;
	}
}

/* The btree strategy of an operator, or InvalidStrategy. */
static int
comparison(Oid opno, Oid type)
{
	TypeCacheEntry *typcache = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);

	if (!OidIsValid(typcache->btree_opf))
		return InvalidStrategy;
	return get_op_opfamily_strategy(opno, typcache->btree_opf);
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
static Const *
constant_of(Node *node)
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
		contains_domain_value(node, NULL))
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
