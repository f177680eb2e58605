/*-------------------------------------------------------------------------
 *
 * arms.c
 *	  The alternatives of a condition: what an OR joins, the branches of a CASE, both
 *	  sides of an equation between booleans.
 *
 * A row that satisfies all parts of one arm satisfies the condition, mostly: an arm is
 * only an aim of the search, and the condition itself decides.  So what is too large to
 * be told apart stays one part.
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

/* More are not told apart, nor are more parts of one arm, nor what is nested deeper. */
#define MOST_ARMS	 24
#define MOST_PARTS	 64
#define DEEPEST_PART 32

/* Nodes that are looked at or copied for one condition: equations within each other double them. */
#define MOST_NODES 20000

typedef struct Telling
{
	int depth;
	int nnodes;
} Telling;

static bool is_impossible(List *arm);
static List *arms_of(Telling *telling, Node *node);
static List *told_apart(Telling *telling, Node *node);
static List *either(Telling *telling, OpExpr *op);
static List *joined(Telling *telling, List *args);
static List *product(List *arms, List *others);
static List *branches(Telling *telling, CaseExpr *expr);
static int most_parts(List *arms);
static List *with_part(List *arms, Node *part);
static Node *negated(Telling *telling, Node *node);
static Node *with_subject(Node *node, void *subject);

/* A list of lists of conditions; NIL if the condition has but one part. */
List *
rows_arms(Node *condition)
{
	Telling telling = {0};
	List *arms = arms_of(&telling, copyObject(condition));
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
arms_of(Telling *telling, Node *node)
{
	List *arms = NIL;

	CHECK_FOR_INTERRUPTS();
	if (telling->depth < DEEPEST_PART && ++telling->nnodes <= MOST_NODES)
	{
		telling->depth++;
		arms = told_apart(telling, node);
		telling->depth--;
	}
	if (arms == NIL || list_length(arms) > MOST_ARMS || telling->nnodes > MOST_NODES)
		return list_make1(list_make1(node));
	return arms;
}

/* NIL, or more than MOST_ARMS: it stays one part. */
static List *
told_apart(Telling *telling, Node *node)
{
	List *arms = NIL;
	ListCell *cell;

	if (is_orclause(node))
	{
		foreach (cell, ((BoolExpr *) node)->args)
		{
			arms = list_concat(arms, arms_of(telling, lfirst(cell)));
			if (list_length(arms) > MOST_ARMS)
				break;
		}
		return arms;
	}
	if (is_andclause(node))
		return joined(telling, ((BoolExpr *) node)->args);
	if (IsA(node, CaseExpr))
		return branches(telling, (CaseExpr *) node);
	if (IsA(node, OpExpr) &&
		(((OpExpr *) node)->opfuncid == F_BOOLEQ || ((OpExpr *) node)->opfuncid == F_BOOLNE))
		return either(telling, (OpExpr *) node);
	return NIL;
}

/* Both sides true, or both untrue; or one of them. */
static List *
either(Telling *telling, OpExpr *op)
{
	Node *left = linitial(op->args);
	Node *right = lsecond(op->args);
	Node *not_left = negated(telling, left);
	Node *not_right = negated(telling, right);
	bool equal = op->opfuncid == F_BOOLEQ;

	if (not_left == NULL || not_right == NULL)
		return NIL;
	return list_concat(joined(telling, list_make2(left, equal ? right : not_right)),
					   joined(telling, list_make2(not_left, equal ? not_right : right)));
}

/* Each arm of each condition with each of the others'. */
static List *
joined(Telling *telling, List *args)
{
	List *arms = list_make1(NIL);

	for (int i = 0; i < list_length(args); i++)
	{
		List *others;

		/* one part is left for the rest */
		if (most_parts(arms) == MOST_PARTS - 1 && i < list_length(args) - 1)
			return with_part(arms, (Node *) make_andclause(list_copy_tail(args, i)));
		others = arms_of(telling, list_nth(args, i));
		if (list_length(arms) * list_length(others) > MOST_ARMS ||
			most_parts(arms) + most_parts(others) + (i < list_length(args) - 1) > MOST_PARTS)
			arms = with_part(arms, list_nth(args, i));
		else
			arms = product(arms, others);
	}
	return arms;
}

static List *
product(List *arms, List *others)
{
	List *result = NIL;
	ListCell *arm;

	foreach (arm, arms)
	{
		ListCell *other;

		foreach (other, others)
			result = lappend(result, list_concat_copy(lfirst(arm), lfirst(other)));
	}
	return result;
}

/* Each WHEN with its result, and the conditions before it untrue. */
static List *
branches(Telling *telling, CaseExpr *expr)
{
	List *before = NIL;
	List *arms = NIL;
	ListCell *cell;

	/* each has one arm at least */
	if (list_length(expr->args) > MOST_ARMS)
		return NIL;
	foreach (cell, expr->args)
	{
		CaseWhen *when = lfirst(cell);
		Node *condition = (Node *) when->expr;
		Node *untrue;

		if (expr->arg != NULL)
		{
			if (rows_counts_beyond((Node *) expr->arg, &telling->nnodes, MOST_NODES))
				return NIL;
			condition = with_subject(condition, expr->arg);
		}
		/* what comes before it is untrue by the condition itself, mostly, as in CASE kind WHEN */
		arms = list_concat(arms, joined(telling,
										list_concat(list_make2(condition, when->result),
													expr->arg == NULL ? list_copy(before) : NIL)));
		untrue = negated(telling, condition);
		if (untrue == NULL || list_length(arms) > MOST_ARMS)
			return NIL;
		before = lappend(before, untrue);
	}
	if (expr->defresult != NULL)
		arms = list_concat(arms, joined(telling, lappend(before, expr->defresult)));
	return arms;
}

/* Of an arm. */
static int
most_parts(List *arms)
{
	int most = 0;
	ListCell *cell;

	foreach (cell, arms)
		most = Max(most, list_length(lfirst(cell)));
	return most;
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

/* NULL: the condition has been copied often enough. */
static Node *
negated(Telling *telling, Node *node)
{
	if (rows_counts_beyond(node, &telling->nnodes, MOST_NODES))
		return NULL;
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
