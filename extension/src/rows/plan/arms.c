/*-------------------------------------------------------------------------
 *
 * arms.c
 *	  The alternatives of a condition: what an OR joins, the branches of a CASE, both
 *	  sides of an equation between booleans.
 *
 * A row that satisfies all parts of one arm satisfies the condition, mostly: an arm is
 * only an aim of the search, and the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/prep.h"
#include "utils/fmgroids.h"

#include "base/compat.h"
#include "rows/plan/moves.h"

/* More are not told apart. */
#define MOST_ARMS 24

static bool is_impossible(List *arm);
static List *arms_of(Node *node);
static List *joined(List *args);
static List *branches(CaseExpr *expr);
static List *with_part(List *arms, Node *part);
static Node *negated(Node *node);
static Node *with_subject(Node *node, void *subject);

/* A list of lists of conditions; NIL if the condition has but one part. */
List *
rows_arms(Node *condition)
{
	List *arms = arms_of(copyObject(condition));
	ListCell *cell;

	foreach (cell, arms)
	{
		if (list_length(arms) > 1 && is_impossible(lfirst(cell)))
			arms = foreach_delete_current(arms, cell);
	}
	return list_length(arms) > 1 || list_length(linitial(arms)) > 1 ? arms : NIL;
}

/* ELSE false */
static bool
is_impossible(List *arm)
{
	ListCell *cell;

	foreach (cell, arm)
	{
		const Const *part = lfirst(cell);

		if (IsA(part, Const) && !part->constisnull && !DatumGetBool(part->constvalue))
			return true;
	}
	return false;
}

static List *
arms_of(Node *node)
{
	List *arms = NIL;

	check_stack_depth();
	if (is_orclause(node))
	{
		ListCell *cell;

		foreach (cell, ((BoolExpr *) node)->args)
			arms = list_concat(arms, arms_of(lfirst(cell)));
	}
	else if (is_andclause(node))
		arms = joined(((BoolExpr *) node)->args);
	else if (IsA(node, CaseExpr))
		arms = branches((CaseExpr *) node);
	else if (IsA(node, OpExpr) &&
			 (((OpExpr *) node)->opfuncid == F_BOOLEQ || ((OpExpr *) node)->opfuncid == F_BOOLNE))
	{
		Node *left = linitial(((OpExpr *) node)->args);
		Node *right = lsecond(((OpExpr *) node)->args);
		bool equal = ((OpExpr *) node)->opfuncid == F_BOOLEQ;

		arms = list_concat(joined(list_make2(left, equal ? right : negated(right))),
						   joined(list_make2(negated(left), equal ? negated(right) : right)));
	}
	if (arms == NIL || list_length(arms) > MOST_ARMS)
		return list_make1(list_make1(node));
	return arms;
}

/* Each arm of each condition with each of the others'. */
static List *
joined(List *args)
{
	List *arms = list_make1(NIL);
	ListCell *cell;

	foreach (cell, args)
	{
		List *others = arms_of(lfirst(cell));
		List *product = NIL;
		ListCell *arm;

		if (list_length(arms) * list_length(others) > MOST_ARMS)
		{
			arms = with_part(arms, lfirst(cell));
			continue;
		}
		foreach (arm, arms)
		{
			ListCell *other;

			foreach (other, others)
				product = lappend(product, list_concat_copy(lfirst(arm), lfirst(other)));
		}
		arms = product;
	}
	return arms;
}

/* Each WHEN with its result, and the conditions before it untrue. */
static List *
branches(CaseExpr *expr)
{
	List *before = NIL;
	List *arms = NIL;
	ListCell *cell;

	foreach (cell, expr->args)
	{
		CaseWhen *when = lfirst(cell);
		Node *condition = (Node *) when->expr;

		if (expr->arg != NULL)
			condition = with_subject(condition, expr->arg);
		/* what comes before it is untrue by the condition itself, mostly, as in CASE kind WHEN */
		arms = list_concat(arms, joined(list_concat(list_make2(condition, when->result),
													expr->arg == NULL ? list_copy(before) : NIL)));
		before = lappend(before, negated(condition));
	}
	if (expr->defresult != NULL)
		arms = list_concat(arms, joined(lappend(before, expr->defresult)));
	return arms;
}

static List *
with_part(List *arms, Node *part)
{
	List *result = NIL;
	ListCell *cell;

	foreach (cell, arms)
		result = lappend(result, lappend(list_copy(lfirst(cell)), part));
	return result;
}

static Node *
negated(Node *node)
{
	return negate_clause(copyObject(node));
}

/* CASE kind WHEN 'card': the subject in place of what stands for it. */
static Node *
with_subject(Node *node, void *subject)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, CaseTestExpr))
		return copyObject(subject);
	/* these have subjects of their own */
	if (IsA(node, CaseExpr) || IsA(node, ArrayCoerceExpr))
		return node;
	return expression_tree_mutator(node, with_subject, subject);
}
