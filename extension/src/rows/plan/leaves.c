/*-------------------------------------------------------------------------
 *
 * leaves.c
 *	  The partitions that store the rows of a table, and what they ask for beyond it:
 *	  NOT NULL and CHECKs.
 *
 * What only some partitions ask for must hold for the rows that go there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "nodes/makefuncs.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/leaves.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/target.h"

static bool table_has_check(Relation rel, ConstrCheck *check);
static Node *as_of_table(RowsPlan *plan, Relation leaf, Node *expr);

/* The tables that store the rows, locked.  Foreign tables that take no INSERT are left out. */
List *
rows_leaves(Relation rel)
{
	List *leaves = NIL;
	ListCell *cell;

	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return list_make1_oid(RelationGetRelid(rel));
	foreach (cell, find_all_inheritors(RelationGetRelid(rel), AccessShareLock, NULL))
	{
		Relation leaf = table_open(lfirst_oid(cell), NoLock);

		if (leaf->rd_rel->relkind == RELKIND_RELATION ||
			(leaf->rd_rel->relkind == RELKIND_FOREIGN_TABLE && rows_takes_inserts(leaf)))
			leaves = lappend_oid(leaves, lfirst_oid(cell));
		table_close(leaf, NoLock);
	}
	return leaves;
}

/* Does some partition take each row?  A default one, and hash partitions of all remainders, do. */
bool
rows_covers_everything(Relation rel)
{
	PartitionDesc partitions;
	PartitionBoundInfo bounds;
	double covered = 0;
	bool all = true;

	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return false;
	partitions = RelationGetPartitionDesc(rel, true);
	bounds = partitions->boundinfo;
	if (bounds == NULL)
		return false;
	if (bounds->strategy != PARTITION_STRATEGY_HASH)
		covered = partition_bound_has_default(bounds) ? 1 : 0;
	for (int i = 0; i < bounds->ndatums && bounds->strategy == PARTITION_STRATEGY_HASH; i++)
		covered += 1.0 / DatumGetInt32(bounds->datums[i][0]);
	for (int i = 0; i < partitions->nparts && all; i++)
	{
		Relation part;

		check_stack_depth();
		part = relation_open(partitions->oids[i], AccessShareLock);
		all = part->rd_rel->relkind == RELKIND_PARTITIONED_TABLE
				  ? rows_covers_everything(part)
				  : part->rd_rel->relkind == RELKIND_RELATION;
		relation_close(part, NoLock);
	}
	return all && covered > 0.999999;
}

/* A column that is NOT NULL in any partition gets no nulls at all. */
void
rows_read_leaves(RowsPlan *plan)
{
	ListCell *cell;

	if (plan->rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	foreach (cell, rows_leaves(plan->rel))
	{
		Relation leaf = table_open(lfirst_oid(cell), NoLock);
		AttrMap *map = build_attrmap_by_name(RelationGetDescr(leaf), RelationGetDescr(plan->rel),
											 false);

		for (int i = 0; i < plan->natts; i++)
		{
			if (map->attnums[i] > 0 &&
				TupleDescAttr(RelationGetDescr(leaf), map->attnums[i] - 1)->attnotnull)
				plan->columns[i].bounds.not_null = true;
		}
		free_attrmap(map);
		table_close(leaf, NoLock);
	}
}

/* The CHECKs (of RowsCheck) that a partition has and its table has not, with the table's columns. */
List *
rows_leaf_checks(RowsPlan *plan, Relation leaf)
{
	TupleConstr *constr = RelationGetDescr(leaf)->constr;
	List *checks = NIL;

	for (int i = 0; constr != NULL && i < constr->num_check; i++)
	{
		ConstrCheck *check = &constr->check[i];
		Node *expr;

		CHECK_FOR_INTERRUPTS();
		if (!poc_check_is_enforced(check) || table_has_check(plan->rel, check))
			continue;
		expr = rows_simplify(as_of_table(plan, leaf, stringToNode(check->ccbin)));
		if (!checkExprHasSubLink(expr))
			checks = lappend(checks, rows_make_check(check->ccname, expr));
	}
	return checks;
}

/* Has a partition any CHECK that its table has not? */
bool
rows_has_own_checks(Relation rel, Relation leaf)
{
	TupleConstr *constr = RelationGetDescr(leaf)->constr;

	for (int i = 0; constr != NULL && i < constr->num_check; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (poc_check_is_enforced(&constr->check[i]) && !table_has_check(rel, &constr->check[i]))
			return true;
	}
	return false;
}

/* A partition has all CHECKs of its table under the same names. */
static bool
table_has_check(Relation rel, ConstrCheck *check)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;

	for (int i = 0; constr != NULL && i < constr->num_check; i++)
	{
		if (strcmp(constr->check[i].ccname, check->ccname) == 0)
			return true;
	}
	return false;
}

/* An expression of a partition, of the columns of its table; generated columns are as the partition has them. */
static Node *
as_of_table(RowsPlan *plan, Relation leaf, Node *expr)
{
	AttrMap *map = build_attrmap_by_name(RelationGetDescr(plan->rel), RelationGetDescr(leaf), false);
	bool whole_row;

	expr = rows_without_generated(expr, leaf);
	return map_variable_attnos(expr, 1, 0, map, RelationGetForm(plan->rel)->reltype, &whole_row);
}
