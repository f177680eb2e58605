/*-------------------------------------------------------------------------
 *
 * check.c
 *	  CHECK constraints of a table, its partition bound and the conditions of a view:
 *	  they become bounds of the columns, or checks tried on each row.
 *
 * A condition must become a check unless rows/value/condition.c understands all of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/prep.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/bounds.h"

/* Of generated columns' expressions, that come into a condition. */
#define MOST_NODES 100000

typedef struct Counting
{
	RowsPlan *plan;
	int nnodes;
	bool inside;  /* of such an expression */
	int *lengths; /* of the expressions of generated columns; 0: not counted yet */
} Counting;

static void read_constraint(RowsPlan *plan, const char *name, Node *expr);
static bool is_long(RowsPlan *plan, Node *expr);
static bool count_nodes(Node *node, void *context);
static void read_condition(RowsPlan *plan, const char *name, Node *condition);
static void read_ends(RowsPlan *plan, Node *condition);
static void read_domain(RowsPlan *plan, Form_pg_attribute attribute);
static Node *of_column(Node *node, void *attribute);
static bool contains_nullable(Node *node, void *plan);
static bool contains_document(Node *node, void *context);
static bool keeps_within_bounds(RowsColumn *column);

/* Fill the bounds of all columns; the conditions not fully understood become plan->checks. */
void
rows_read_checks(RowsPlan *plan, List *conditions)
{
	TupleConstr *constr = RelationGetDescr(plan->rel)->constr;
	List *partition = RelationGetPartitionQual(plan->rel);
	ListCell *cell;

	if (constr != NULL)
	{
		for (int i = 0; i < constr->num_check; i++)
		{
			ConstrCheck *check = &constr->check[i];

			if (poc_check_is_enforced(check))
				read_constraint(plan, check->ccname, stringToNode(check->ccbin));
		}
	}
	for (int i = 0; i < plan->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), i);

		if (!attribute->attisdropped && get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN)
			read_domain(plan, attribute);
	}
	foreach (cell, conditions)
		read_constraint(plan, "(condition of a view or policy)", lfirst(cell));
	if (partition != NIL)
		read_constraint(plan, "(partition bound)", (Node *) make_ands_explicit(partition));
}

static void
read_constraint(RowsPlan *plan, const char *name, Node *expr)
{
	ListCell *cell;

	/* only PostgreSQL itself can evaluate a subquery, and had better do so with what grows that large */
	if (checkExprHasSubLink(expr) || is_long(plan, expr))
		return;
	expr = rows_simplify(rows_without_generated(expr, plan->rel));
	/* a CHECK passes where it is null, so NOT may go inwards, and the rest be split */
	expr = (Node *) canonicalize_qual((Expr *) expr, true);
	foreach (cell, make_ands_implicit((Expr *) expr))
		read_condition(plan, name, rows_simplify(lfirst(cell)));
}

/* Does it grow so large by the expressions of generated columns, as often as they are mentioned? */
static bool
is_long(RowsPlan *plan, Node *expr)
{
	Counting counting = {.plan = plan, .lengths = palloc0(sizeof(int) * Max(plan->natts, 1))};
	bool result = count_nodes(expr, &counting);

	pfree(counting.lengths);
	return result;
}

/* True: there are too many. */
static bool
count_nodes(Node *node, void *context)
{
	Counting *counting = context;
	AttrNumber attnum = node != NULL && IsA(node, Var) ? ((Var *) node)->varattno : 0;

	if (node == NULL)
		return false;
	if (attnum > 0 &&
		TupleDescAttr(RelationGetDescr(counting->plan->rel), attnum - 1)->attgenerated != '\0')
	{
		int *length = &counting->lengths[attnum - 1];

		if (*length == 0)
		{
			int before = counting->nnodes;

			CHECK_FOR_INTERRUPTS();
			counting->inside = true;
			(void) count_nodes(build_column_default(counting->plan->rel, attnum), counting);
			counting->inside = false;
			*length = counting->nnodes - before;
		}
		else
			counting->nnodes += *length;
	}
	counting->nnodes += counting->inside;
	if (counting->nnodes > MOST_NODES)
		return true;
	return expression_tree_walker(node, count_nodes, context);
}

/* One of the conditions that a constraint joins by AND. */
static void
read_condition(RowsPlan *plan, const char *name, Node *condition)
{
	Bitmapset *attributes = NULL;
	int member;
	bool understood = false;
	RowsCheck *check;

	pull_varattnos(condition, 1, &attributes);
	if (bms_get_singleton_member(attributes, &member) &&
		member + FirstLowInvalidHeapAttributeNumber > 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		understood = rows_read_condition(condition, attnum, &plan->columns[attnum - 1].bounds);
	}
	else
		read_ends(plan, condition);
	rows_add_check(plan, name, condition);
	if (!understood)
		return;
	check = llast(plan->checks);
	plan->checks = list_delete_last(plan->checks);
	plan->bounding_checks = lappend(plan->bounding_checks, check);
}

/* tstzrange(starts, ends) <@ constant: both columns lie within it. */
static void
read_ends(RowsPlan *plan, Node *condition)
{
	OpExpr *op = (OpExpr *) condition;
	FuncExpr *range;
	ListCell *cell;

	if (!IsA(condition, OpExpr) || op->opfuncid != F_RANGE_CONTAINED_BY ||
		!IsA(linitial(op->args), FuncExpr) || !IsA(lsecond(op->args), Const))
		return;
	range = linitial(op->args);
	foreach (cell, range->args)
	{
		Var *column = lfirst(cell);
		OpExpr *contained;

		if (!IsA(column, Var) || column->varattno <= 0 || foreach_current_index(cell) > 1)
			continue;
		contained = copyObject(op);
		contained->opfuncid = F_ELEM_CONTAINED_BY_RANGE;
		linitial(contained->args) = column;
		(void) rows_read_condition((Node *) contained, column->varattno,
								   &plan->columns[column->varattno - 1].bounds);
	}
}

/* The constraints of a column's domain, and of the domains that it is made of. */
static void
read_domain(RowsPlan *plan, Form_pg_attribute attribute)
{
	DomainConstraintRef *ref = palloc0(sizeof(DomainConstraintRef));
	RowsColumn *column = &plan->columns[attribute->attnum - 1];
	ListCell *cell;

	InitDomainConstraintRef(attribute->atttypid, ref, CurrentMemoryContext, false);
	foreach (cell, ref->constraints)
	{
		DomainConstraintState *constraint = lfirst(cell);

		if (constraint->constrainttype == DOM_CONSTRAINT_NOTNULL)
			column->bounds.not_null = true;
		else
			read_constraint(plan, constraint->name,
							of_column(copyObject((Node *) constraint->check_expr), attribute));
	}
}

/* Replace VALUE by the column. */
static Node *
of_column(Node *node, void *attribute)
{
	Form_pg_attribute column = attribute;

	if (node == NULL)
		return NULL;
	if (IsA(node, CoerceToDomainValue))
	{
		CoerceToDomainValue *value = (CoerceToDomainValue *) node;
		Var *var = makeVar(1, column->attnum, column->atttypid, column->atttypmod,
						   column->attcollation, 0);

		return (Node *) makeRelabelType((Expr *) var, value->typeId, value->typeMod,
										value->collation, COERCE_IMPLICIT_CAST);
	}
	return expression_tree_mutator(node, of_column, attribute);
}

/* Add a condition that is tried on each row. */
void
rows_add_check(RowsPlan *plan, const char *name, Node *expr)
{
	plan->checks = lappend(plan->checks, rows_make_check(name, expr));
}

RowsCheck *
rows_make_check(const char *name, Node *expr)
{
	RowsCheck *check = palloc0(sizeof(RowsCheck));

	check->name = pstrdup(name);
	check->expr = (Expr *) expr;
	check->may_fail = rows_may_fail(expr);
	pull_varattnos(expr, 1, &check->attributes);
	return check;
}

/* Replace generated columns by their expressions. */
Node *
rows_without_generated(Node *node, void *relation)
{
	Relation rel = relation;

	CHECK_FOR_INTERRUPTS();
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && ((Var *) node)->varattno > 0 &&
		TupleDescAttr(RelationGetDescr(rel), ((Var *) node)->varattno - 1)->attgenerated != '\0')
		return build_column_default(rel, ((Var *) node)->varattno);
	return expression_tree_mutator(node, rows_without_generated, relation);
}

/*
 * The bounds of a column do not apply to values from elsewhere, such as referenced rows
 * of a foreign key: try the CHECKs on such columns on each row.
 */
void
rows_try_unbounded(RowsPlan *plan)
{
	TupleDesc tupdesc = RelationGetDescr(plan->rel);
	ListCell *cell;

	foreach (cell, plan->bounding_checks)
	{
		RowsCheck *check = lfirst(cell);
		int member = -1;

		while ((member = bms_next_member(check->attributes, member)) >= 0)
		{
			if (!keeps_within_bounds(&plan->columns[member + FirstLowInvalidHeapAttributeNumber - 1]))
			{
				plan->checks = lappend(plan->checks, check);
				break;
			}
		}
	}

	/* a NOT NULL generated column needs the columns that it is computed from */
	for (int i = 0; i < plan->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);
		NullTest *test;

		if (attribute->attisdropped || attribute->attgenerated == '\0' || !attribute->attnotnull)
			continue;
		test = makeNode(NullTest);
		test->arg = (Expr *) build_column_default(plan->rel, i + 1);
		test->nulltesttype = IS_NOT_NULL;
		test->location = -1;
		rows_add_check(plan, psprintf("%s is NOT NULL", NameStr(attribute->attname)), (Node *) test);
		if (contains_nullable((Node *) test->arg, plan) ||
			contains_document((Node *) test->arg, NULL))
			continue;
		/* only a search could break it */
		plan->bounding_checks = lappend(plan->bounding_checks, llast(plan->checks));
		plan->checks = list_delete_last(plan->checks);
	}
}

static bool
contains_nullable(Node *node, void *plan)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varattno > 0)
	{
		RowsColumn *column = &((RowsPlan *) plan)->columns[((Var *) node)->varattno - 1];

		return column->kind == ROWS_COLUMN_NULL || column->null_below > 0 ||
			   column->hierarchy != NULL ||
			   (column->kind == ROWS_COLUMN_RANDOM && column->value->null_fraction > 0);
	}
	return expression_tree_walker(node, contains_nullable, plan);
}

/* Does it read documents, which may lack what it looks for? */
static bool
contains_document(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) && (exprType(node) == JSONBOID || exprType(node) == JSONOID))
		return true;
	return expression_tree_walker(node, contains_document, context);
}

static bool
keeps_within_bounds(RowsColumn *column)
{
	switch (column->kind)
	{
		case ROWS_COLUMN_RANDOM:
		case ROWS_COLUMN_KEY:
			return column->bounded;
		case ROWS_COLUMN_FOREIGN:
		case ROWS_COLUMN_ITSELF:
		case ROWS_COLUMN_FALLBACK:
			return false;
		default:
			return true; /* another attempt would give the same values */
	}
}
