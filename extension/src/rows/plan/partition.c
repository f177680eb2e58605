/*-------------------------------------------------------------------------
 *
 * partition.c
 *	  Values of partition keys: each row must belong to an existing partition.
 *
 * Each partition is a region of values.  A row picks a region, and the columns that any
 * region limits take their values from it: those of the partition key, and those of which
 * a partition asks more than its table.  What a region's bounds do not express is tried
 * on each row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/leaves.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/region.h"
#include "rows/plan/steps.h"
#include "rows/plan/target.h"
#include "rows/value/arena.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"
#include "rows/value/type.h"

/* At most this many regions of one partition are distinguished. */
#define MOST_REGIONS 64

static void add_nulls(RowsPlan *plan, int nregions);
static bool has_region_of_its_own(Relation rel);
static void read_leaf(RowsPlan *plan, Relation leaf, List *quals, List **regions);
static void add_leaf_checks(RowsPlan *plan, List *quals, List *checks);
static List *leaves_or_error(Relation rel);
static List *split_by_or(List *conditions);
static RowsRegion *read_region(RowsPlan *plan, List *conditions);
static void read_leftover(RowsPlan *plan, RowsRegion *region, Node *condition);
static RowsBounds *copy_bounds(RowsPlan *plan);
static bool make_values(RowsPlan *plan, RowsRegion *region, bool *limited);
static List *simplest(List *regions);

/* Give the columns of the partition key values that some partition accepts. */
void
rows_plan_partitions(RowsPlan *plan)
{
	Relation rel = plan->rel;
	bool *limited = palloc0(sizeof(bool) * Max(plan->natts, 1));
	bool takes_all = !rel->rd_rel->relispartition && rows_covers_everything(rel);
	bool settled = false;
	bool exact = true;
	bool alternative = false;
	int nlimited = 0;
	List *regions = NIL; /* of RowsRegion */
	List *any_of = NIL;	 /* conditions, one per leaf */
	ListCell *cell;

	if (!has_region_of_its_own(rel))
		return;
	foreach (cell, leaves_or_error(rel))
	{
		Relation leaf = table_open(lfirst_oid(cell), AccessShareLock);
		List *quals = map_partition_varattnos(copyObject(RelationGetPartitionQual(leaf)), 1, rel,
											  leaf);

		read_leaf(plan, leaf, quals, &regions);
		if (quals == NIL)
			takes_all = true;
		else
			any_of = lappend(any_of, make_ands_explicit(copyObject(quals)));
		table_close(leaf, AccessShareLock);
	}
	foreach (cell, regions)
	{
		exact &= ((RowsRegion *) lfirst(cell))->is_exact;
		alternative |= ((RowsRegion *) lfirst(cell))->is_alternative;
	}

	/* the columns' bounds already contain simple bounds of a single partition */
	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE && list_length(regions) < 2 && exact &&
		!alternative)
		return;

	/* a column that any region limits takes its value from a region in every row */
	foreach (cell, regions)
	{
		for (int i = 0; i < plan->natts; i++)
			limited[i] |= ((RowsRegion *) lfirst(cell))->limits[i];
	}
	foreach (cell, regions)
	{
		if (!make_values(plan, lfirst(cell), limited))
			regions = foreach_delete_current(regions, cell);
	}
	for (int i = 0; i < plan->natts && regions != NIL; i++)
	{
		nlimited += limited[i];
		if (limited[i] && plan->columns[i].planned)
			settled = true;
		else if (limited[i])
			plan->columns[i].region_value = rows_make_region_value(plan, &plan->columns[i], regions,
																   takes_all);
	}

	if (nlimited == 1)
		add_nulls(plan, list_length(regions));

	/* unique columns and values from elsewhere may fall outside the row's region */
	if ((settled || nlimited > 1 || regions == NIL || !exact) && any_of != NIL && !takes_all &&
		rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		rows_add_check(plan, "(partition bounds)", (Node *) make_orclause(any_of));
}

/* A partition that takes nulls alone gets its part of the rows. */
static void
add_nulls(RowsPlan *plan, int nregions)
{
	for (int i = 0; i < plan->natts; i++)
	{
		RowsColumn *column = &plan->columns[i];

		if (column->region_value != NULL && column->null_regions > 0 &&
			rows_takes_null(plan, column->attnum))
			column->region_value->null_fraction = (double) column->null_regions /
												  (column->null_regions + nregions);
	}
}

/* Complete hash partitions without anything of their own take every row, each of them as likely. */
static bool
has_region_of_its_own(Relation rel)
{
	PartitionDesc partitions;
	ListCell *cell;
	bool has = false;

	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return rel->rd_rel->relispartition;
	partitions = RelationGetPartitionDesc(rel, true);
	if (partitions->boundinfo == NULL || !rows_covers_everything(rel) ||
		partitions->boundinfo->strategy != PARTITION_STRATEGY_HASH)
		return true;
	for (int i = 0; i < partitions->nparts; i++)
		has |= !partitions->is_leaf[i];
	foreach (cell, rows_leaves(rel))
	{
		Relation leaf = table_open(lfirst_oid(cell), NoLock);

		has |= rows_has_own_checks(rel, leaf);
		table_close(leaf, NoLock);
	}
	return has;
}

static List *
leaves_or_error(Relation rel)
{
	List *leaves = rows_leaves(rel);

	if (leaves == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no partition that could take a row",
						RelationGetRelationName(rel)),
				 errhint("Make one: CREATE TABLE ... PARTITION OF %s ...",
						 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
													RelationGetRelationName(rel)))));
	return leaves;
}

/*
 * Add the regions of one partition.  Bounds of several columns are alternatives, such as
 * (a = 1 AND b >= 5) OR a > 1.
 */
static void
read_leaf(RowsPlan *plan, Relation leaf, List *quals, List **regions)
{
	List *checks = leaf == plan->rel ? NIL : rows_leaf_checks(plan, leaf);
	List *conditions = make_ands_implicit(
		(Expr *) rows_simplify((Node *) make_ands_explicit(copyObject(quals))));
	List *found = NIL;
	List *alternatives;
	ListCell *cell;

	foreach (cell, checks)
		conditions = list_concat(conditions, make_ands_implicit(((RowsCheck *) lfirst(cell))->expr));
	alternatives = split_by_or(conditions);
	foreach (cell, alternatives)
	{
		RowsRegion *region = read_region(plan, lfirst(cell));

		region->is_alternative = list_length(alternatives) > 1;
		rows_read_leaf_keys(plan, RelationGetRelid(leaf), region);
		if (make_values(plan, region, region->limits))
			found = lappend(found, region);
	}
	*regions = list_concat(*regions, simplest(found));
	add_leaf_checks(plan, quals, checks);
}

/* What a partition asks for must hold for the rows that go there, however they got their values. */
static void
add_leaf_checks(RowsPlan *plan, List *quals, List *checks)
{
	ListCell *cell;

	foreach (cell, checks)
	{
		RowsCheck *check = lfirst(cell);
		Expr *elsewhere = makeBoolExpr(NOT_EXPR, list_make1(make_ands_explicit(copyObject(quals))),
									   -1);

		rows_add_check(plan, check->name,
					   quals == NIL ? (Node *) check->expr
									: (Node *) make_orclause(list_make2(elsewhere, check->expr)));
	}
}

/* Of the regions of one partition, keep those that limit the fewest columns. */
static List *
simplest(List *regions)
{
	List *result = NIL;
	int least = MaxHeapAttributeNumber;
	ListCell *cell;

	foreach (cell, regions)
		least = Min(least, ((RowsRegion *) lfirst(cell))->nlimits);
	foreach (cell, regions)
	{
		if (((RowsRegion *) lfirst(cell))->nlimits == least)
			result = lappend(result, lfirst(cell));
	}
	return result;
}

/* Split conditions with ORs over several columns into alternatives without such ORs. */
static List *
split_by_or(List *conditions)
{
	List *lists = list_make1(NIL);
	ListCell *cell;

	foreach (cell, conditions)
	{
		Node *condition = lfirst(cell);
		Bitmapset *attributes = NULL;
		List *split = NIL;
		List *arms = list_make1(list_make1(condition));
		ListCell *left;
		ListCell *right;

		pull_varattnos(condition, 1, &attributes);
		if (is_orclause(condition) && bms_num_members(attributes) > 1)
		{
			arms = NIL;
			foreach (left, ((BoolExpr *) condition)->args)
				arms = list_concat(arms, split_by_or(make_ands_implicit(lfirst(left))));
		}
		if (list_length(arms) * list_length(lists) > MOST_REGIONS)
			arms = list_make1(list_make1(condition));
		foreach (left, lists)
		{
			foreach (right, arms)
				split = lappend(split, list_concat_copy(lfirst(left), lfirst(right)));
		}
		lists = split;
	}
	return lists;
}

/* The bounds of each column in one region, and what they do not express. */
static RowsRegion *
read_region(RowsPlan *plan, List *conditions)
{
	RowsRegion *region = palloc0(sizeof(RowsRegion));
	ListCell *cell;

	region->bounds = copy_bounds(plan);
	region->limits = palloc0(sizeof(bool) * plan->natts);
	region->keys = palloc0(sizeof(RowsValue *) * plan->natts);
	region->filters = palloc0(sizeof(List *) * plan->natts);
	region->is_exact = true;
	foreach (cell, conditions)
	{
		Node *condition = lfirst(cell);
		Bitmapset *attributes = NULL;
		int member;
		AttrNumber attnum = InvalidAttrNumber;

		pull_varattnos(condition, 1, &attributes);
		if (bms_get_singleton_member(attributes, &member))
			attnum = member + FirstLowInvalidHeapAttributeNumber;
		if (attnum <= 0 || !rows_read_condition(condition, attnum, &region->bounds[attnum - 1]))
			read_leftover(plan, region, condition);
		else if (!IsA(condition, NullTest) && !region->limits[attnum - 1])
		{
			region->limits[attnum - 1] = true;
			region->nlimits++;
		}
	}
	return region;
}

/* A condition that bounds do not express: the values of a single column are tried on it. */
static void
read_leftover(RowsPlan *plan, RowsRegion *region, Node *condition)
{
	Bitmapset *attributes = NULL;
	int member;
	AttrNumber attnum;

	region->is_exact = false;
	pull_varattnos(condition, 1, &attributes);
	/* of hash partitions each is as likely as the others */
	if (!bms_get_singleton_member(attributes, &member) ||
		(IsA(condition, FuncExpr) && ((FuncExpr *) condition)->funcid == F_SATISFIES_HASH_PARTITION))
		return;
	attnum = member + FirstLowInvalidHeapAttributeNumber;
	if (attnum <= 0 || !rows_may_evaluate(plan, condition))
		return;
	region->filters[attnum - 1] = lappend(region->filters[attnum - 1], condition);
	if (!region->limits[attnum - 1])
	{
		region->limits[attnum - 1] = true;
		region->nlimits++;
	}
}

static RowsBounds *
copy_bounds(RowsPlan *plan)
{
	RowsBounds *bounds = palloc(sizeof(RowsBounds) * Max(plan->natts, 1));

	for (int i = 0; i < plan->natts; i++)
	{
		bounds[i] = plan->columns[i].bounds;
		bounds[i].lows = list_copy(bounds[i].lows);
		bounds[i].highs = list_copy(bounds[i].highs);
		bounds[i].choices = list_copy(bounds[i].choices);
		bounds[i].may_be_empty = true;
	}
	return bounds;
}

/* Create the generators of those columns; false if the region is empty. */
static bool
make_values(RowsPlan *plan, RowsRegion *region, bool *limited)
{
	region->values = palloc0(sizeof(RowsValue *) * plan->natts);
	for (int i = 0; i < plan->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), i);
		bool takes_null = false;

		if (!limited[i] || plan->columns[i].planned)
			continue;
		region->values[i] = region->keys[i];
		if (region->keys[i] != NULL)
			continue;
		region->values[i] = rows_make_value(attribute->atttypid, attribute->atttypmod,
											&region->bounds[i], NameStr(attribute->attname));
		if (region->bounds[i].is_empty)
			return false;
		if (region->filters[i] != NIL && region->values[i] != NULL)
			region->values[i] = rows_make_filtered_value(plan, region->values[i], i + 1,
														 region->filters[i], &takes_null);
		if (region->filters[i] != NIL && region->values[i] == NULL)
		{
			plan->columns[i].null_regions += takes_null;
			return false;
		}
	}
	return true;
}
