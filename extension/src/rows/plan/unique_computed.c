/*-------------------------------------------------------------------------
 *
 * unique_computed.c
 *	  Unique columns that follow from others: UNIQUE (number) with
 *	  CHECK (number = year || '-' || lpad(seq::text, 5, '0')).
 *
 * Counting such a column leaves the others no values.  Instead the others are counted, and
 * the column is computed as one that PostgreSQL generates; the conditions see its
 * expression in its place.  Only PostgreSQL's own functions are called for it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_index.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteHandler.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"

/* Of an expression that stands for a column wherever that is mentioned. */
#define MOST_NODES 200

typedef struct Replacing
{
	AttrNumber attnum;
	Node *expr;
} Replacing;

static void follow(RowsPlan *plan, RowsColumn *column, Bitmapset *unique);
static Bitmapset *unique_columns(RowsPlan *plan);
static Node *equal_to(RowsPlan *plan, RowsColumn *column, RowsCheck *check, Bitmapset *unique);
static bool is_long(Node *expr);
static bool is_side_of(Node *expr, const RowsCheck *check);
static bool is_equality(Node *node);
static bool follows(RowsPlan *plan, Node *expr, RowsColumn *column);
static bool is_solvable(RowsPlan *plan, RowsCheck *check, RowsColumn *column, Bitmapset *unique);
static void replace_column(RowsPlan *plan, RowsColumn *column);
static Node *with_expression(Node *node, void *replacing);

void
rows_plan_following(RowsPlan *plan)
{
	Bitmapset *unique = unique_columns(plan);
	int member = -1;

	while ((member = bms_next_member(unique, member)) >= 0)
	{
		RowsColumn *column = &plan->columns[member + FirstLowInvalidHeapAttributeNumber - 1];

		if (column->kind == ROWS_COLUMN_RANDOM && !column->shaped && !column->planned &&
			column->region_value == NULL && !column->promised)
			follow(plan, column, unique);
	}
}

/* What a column of the table is computed from; NULL: it is not. */
Node *
rows_computed_from(RowsPlan *plan, AttrNumber attnum)
{
	if (attnum <= 0)
		return NULL;
	if (TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1)->attgenerated != '\0')
		return build_column_default(plan->rel, attnum);
	return copyObject(plan->columns[attnum - 1].follows);
}

/* Compute the column from the first expression that a condition equates with it. */
static void
follow(RowsPlan *plan, RowsColumn *column, Bitmapset *unique)
{
	ListCell *cell;

	foreach (cell, plan->checks)
	{
		Node *expr = equal_to(plan, column, lfirst(cell), unique);

		if (expr == NULL || is_long(expr))
			continue;
		column->follows = expr;
		column->kind = ROWS_COLUMN_FOLLOWING;
		plan->follows = true;
		/* it holds by itself, unless the column's type changes the value */
		if (!rows_may_fail(expr) && is_side_of(expr, lfirst(cell)))
			plan->checks = foreach_delete_current(plan->checks, cell);
		replace_column(plan, column);
		return;
	}
}

/* Does it take so many nodes that expressions of it, and of those again, would double without end? */
static bool
is_long(Node *expr)
{
	int nnodes = 0;

	return rows_counts_beyond(expr, &nnodes, MOST_NODES);
}

static bool
is_side_of(Node *expr, const RowsCheck *check)
{
	return list_member(((OpExpr *) check->expr)->args, expr);
}

/* The columns that are keys of a unique index by themselves. */
static Bitmapset *
unique_columns(RowsPlan *plan)
{
	List *indexes = RelationGetIndexList(plan->rel);
	Bitmapset *columns = NULL;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		for (int i = 0; i < index->rd_index->indnkeyatts && index->rd_index->indisunique; i++)
		{
			AttrNumber attnum = index->rd_index->indkey.values[i];

			if (attnum > 0)
				columns = bms_add_member(columns, attnum - FirstLowInvalidHeapAttributeNumber);
		}
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return columns;
}

/* The expression over other columns that the condition equates with the column, as of its type. */
static Node *
equal_to(RowsPlan *plan, RowsColumn *column, RowsCheck *check, Bitmapset *unique)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);
	int32 typmod = attribute->atttypmod;
	Oid type = getBaseTypeAndTypmod(attribute->atttypid, &typmod);

	if (!is_equality((Node *) check->expr))
		return NULL;
	for (int i = 0; i < 2; i++)
	{
		Node *side = strip_implicit_coercions(list_nth(((OpExpr *) check->expr)->args, i));
		Node *other = list_nth(((OpExpr *) check->expr)->args, 1 - i);

		if (!IsA(side, Var) || ((Var *) side)->varattno != column->attnum ||
			!follows(plan, other, column) || is_solvable(plan, check, column, unique) ||
			!can_coerce_type(1, (Oid[]){exprType(other)}, &type, COERCION_ASSIGNMENT))
			continue;
		other = coerce_to_target_type(NULL, copyObject(other), exprType(other), type, typmod,
									  COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
		if (other != NULL && rows_is_built_in(other))
			return other;
	}
	return NULL;
}

static bool
is_equality(Node *node)
{
	OpExpr *op = (OpExpr *) node;
	TypeCacheEntry *typcache;

	if (!IsA(node, OpExpr) || list_length(op->args) != 2)
		return false;
	typcache = lookup_type_cache(exprType(linitial(op->args)), TYPECACHE_BTREE_OPFAMILY);
	return OidIsValid(typcache->btree_opf) &&
		   get_op_opfamily_strategy(op->opno, typcache->btree_opf) == BTEqualStrategyNumber;
}

/* Is it an expression over other columns, of which none follows from this one? */
static bool
follows(RowsPlan *plan, Node *expr, RowsColumn *column)
{
	Bitmapset *attributes = NULL;
	int member = -1;

	/* a copy of another column is counted as that is */
	if (IsA(strip_implicit_coercions(expr), Var) || !rows_is_built_in(expr))
		return false;
	pull_varattnos(expr, 1, &attributes);
	if (bms_is_empty(attributes))
		return false;
	while ((member = bms_next_member(attributes, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;

		/* those that follow are replaced by their expressions already */
		if (attnum <= 0 || attnum == column->attnum ||
			plan->columns[attnum - 1].kind == ROWS_COLUMN_NOTHING ||
			plan->columns[attnum - 1].kind == ROWS_COLUMN_FOLLOWING ||
			plan->columns[attnum - 1].kind == ROWS_COLUMN_ITSELF)
			return false;
	}
	return true;
}

/* Is there another column that is not unique, and whose value the condition gives? */
static bool
is_solvable(RowsPlan *plan, RowsCheck *check, RowsColumn *column, Bitmapset *unique)
{
	Bitmapset *others = bms_difference(check->attributes, unique);
	int member = -1;

	/* of strings joined with each other, none can be told */
	if (column->value->is_text && bms_num_members(check->attributes) > 2)
		return false;
	while ((member = bms_next_member(others, member)) >= 0)
	{
		AttrNumber attnum = member + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1);
		RowsColumn *other = &plan->columns[attnum - 1];

		/* what a column with bounds would have to be soon lies beyond them */
		if (other->kind == ROWS_COLUMN_RANDOM && other->bounds.choices == NIL &&
			(other->bounds.lows == NIL || other->bounds.highs == NIL) &&
			rows_solve((Node *) check->expr, other, attribute->atttypid, attribute->atttypmod) != NIL)
			return true;
	}
	return false;
}

/* In all conditions, the expression in place of the column. */
static void
replace_column(RowsPlan *plan, RowsColumn *column)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);
	Replacing replacing = {column->attnum, column->follows};
	ListCell *cell;

	/* bounds are those of a generator, which it has not */
	foreach (cell, plan->bounding_checks)
	{
		RowsCheck *check = lfirst(cell);

		if (!bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, check->attributes))
			continue;
		plan->checks = list_append_unique_ptr(plan->checks, check);
		plan->bounding_checks = foreach_delete_current(plan->bounding_checks, cell);
	}
	foreach (cell, plan->checks)
	{
		RowsCheck *check = lfirst(cell);

		if (!bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, check->attributes))
			continue;
		check->expr = (Expr *) with_expression((Node *) check->expr, &replacing);
		check->attributes = NULL;
		pull_varattnos((Node *) check->expr, 1, &check->attributes);
		check->may_fail = rows_may_fail((Node *) check->expr);
	}
	if (attribute->attnotnull || column->bounds.not_null)
	{
		NullTest *test = makeNode(NullTest);

		test->arg = copyObject((Expr *) column->follows);
		test->nulltesttype = IS_NOT_NULL;
		test->location = -1;
		rows_add_check(plan, psprintf("%s is NOT NULL", NameStr(attribute->attname)), (Node *) test);
	}
}

static Node *
with_expression(Node *node, void *context)
{
	const Replacing *replacing = context;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && ((Var *) node)->varattno == replacing->attnum)
		return copyObject(replacing->expr);
	return expression_tree_mutator(node, with_expression, context);
}
