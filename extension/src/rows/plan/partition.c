/*-------------------------------------------------------------------------
 *
 * partition.c
 *	  Values of partition keys: each row must belong to an existing partition.
 *
 * Each partition is a region of values.  A row picks a region, and the columns of the
 * partition key take their values from it.
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
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/leaves.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/target.h"
#include "rows/value/arena.h"
#include "rows/value/bounds.h"
#include "rows/value/generator.h"
#include "rows/value/type.h"

/* At most this many regions of one partition are distinguished. */
#define MOST_REGIONS 64

/* The values that a partition accepts, or a part of them. */
typedef struct RowsRegion
{
	RowsBounds *bounds; /* per column of the table */
	RowsValue **values;
	bool *limits; /* per column: does the region limit it? */
	int nlimits;
} RowsRegion;

static bool read_leaf(RowsPlan *plan, List *quals, List **regions);
static List *split_by_or(List *conditions);
static RowsRegion *read_region(RowsPlan *plan, List *conditions);
static RowsBounds *copy_bounds(RowsPlan *plan);
static bool make_values(RowsPlan *plan, RowsRegion *region, bool *limited);
static List *simplest(List *regions);
static RowsValue *make_region_value(RowsPlan *plan, RowsColumn *column, List *regions);
static Datum make_in_region(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_in_region(const RowsValue *value, uint64 ordinal, RowsDraw *draw,
							  RowsArena *arena);
static bool decode_in_region(const RowsValue *value, Datum datum, uint64 *ordinal);
static bool covers_everything(Relation rel);

/* Give the columns of the partition key values that some partition accepts. */
void
rows_plan_partitions(RowsPlan *plan)
{
	Relation rel = plan->rel;
	bool *limited = palloc0(sizeof(bool) * Max(plan->natts, 1));
	List *leaves;
	List *regions = NIL; /* of RowsRegion */
	List *any_of = NIL;	 /* conditions, one per leaf */
	bool takes_all = false;
	bool understood = true;
	bool settled = false;
	int nlimited = 0;
	ListCell *cell;

	if ((rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE && !rel->rd_rel->relispartition) ||
		(rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE && covers_everything(rel)))
		return;

	leaves = rows_leaves(rel);
	if (leaves == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no partition that could take a row",
						RelationGetRelationName(rel)),
				 errhint("Make one: CREATE TABLE ... PARTITION OF %s ...",
						 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
													RelationGetRelationName(rel)))));
	foreach (cell, leaves)
	{
		Relation leaf = table_open(lfirst_oid(cell), AccessShareLock);
		List *quals = map_partition_varattnos(copyObject(RelationGetPartitionQual(leaf)), 1, rel,
											  leaf);

		if (quals == NIL)
			takes_all = true;
		else
		{
			any_of = lappend(any_of, make_ands_explicit(copyObject(quals)));
			understood &= read_leaf(plan, quals, &regions);
		}
		table_close(leaf, AccessShareLock);
	}

	/* the columns' bounds already contain simple bounds of a single partition */
	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE && list_length(regions) < 2 && understood)
		return;

	/* a column that any region limits takes its value from a region in every row */
	foreach (cell, regions)
	{
		for (int i = 0; i < plan->natts; i++)
			limited[i] |= ((RowsRegion *) lfirst(cell))->limits[i];
	}
	foreach (cell, regions)
		(void) make_values(plan, lfirst(cell), limited);
	for (int i = 0; i < plan->natts && regions != NIL; i++)
	{
		nlimited += limited[i];
		if (limited[i] && plan->columns[i].planned)
			settled = true;
		else if (limited[i])
			plan->columns[i].region_value = make_region_value(plan, &plan->columns[i], regions);
	}

	/* unique columns and values from elsewhere may fall outside the row's region */
	if ((settled || nlimited > 1 || regions == NIL) && any_of != NIL && !takes_all &&
		rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		rows_add_check(plan, "(partition bounds)", (Node *) make_orclause(any_of));
}

/*
 * Hash partitions that cover all remainders accept every value.  (Rows avoid a
 * default partition if the bounds of the other partitions are understood.)
 */
static bool
covers_everything(Relation rel)
{
	PartitionDesc partitions = RelationGetPartitionDesc(rel, true);
	PartitionBoundInfo bounds = partitions->boundinfo;
	double covered = 0;

	if (bounds == NULL || bounds->strategy != PARTITION_STRATEGY_HASH)
		return false;
	for (int i = 0; i < partitions->nparts; i++)
	{
		if (!partitions->is_leaf[i])
			return false;
	}
	for (int i = 0; i < bounds->ndatums; i++)
		covered += 1.0 / DatumGetInt32(bounds->datums[i][0]);
	return covered > 0.999999;
}

/*
 * Add the regions of one partition.  Bounds of several columns are alternatives, such as
 * (a = 1 AND b >= 5) OR a > 1.  False: some of it is not understood.
 */
static bool
read_leaf(RowsPlan *plan, List *quals, List **regions)
{
	List *conditions = make_ands_implicit(
		(Expr *) eval_const_expressions(NULL, (Node *) make_ands_explicit(quals)));
	List *found = NIL;
	ListCell *cell;
	bool understood = true;

	foreach (cell, split_by_or(conditions))
	{
		RowsRegion *region = read_region(plan, lfirst(cell));

		if (region == NULL)
			understood = false;
		else if (make_values(plan, region, region->limits))
			found = lappend(found, region);
	}
	*regions = list_concat(*regions, simplest(found));
	return understood;
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

/* The bounds of each column in one region; NULL: not understood. */
static RowsRegion *
read_region(RowsPlan *plan, List *conditions)
{
	RowsRegion *region = palloc0(sizeof(RowsRegion));
	ListCell *cell;

	region->bounds = copy_bounds(plan);
	region->limits = palloc0(sizeof(bool) * plan->natts);
	foreach (cell, conditions)
	{
		Node *condition = lfirst(cell);
		Bitmapset *attributes = NULL;
		int member;
		AttrNumber attnum;

		pull_varattnos(condition, 1, &attributes);
		if (!bms_get_singleton_member(attributes, &member))
			return NULL;
		attnum = member + FirstLowInvalidHeapAttributeNumber;
		if (attnum <= 0 || !rows_read_condition(condition, attnum, &region->bounds[attnum - 1]))
			return NULL;
		if (!IsA(condition, NullTest) && !region->limits[attnum - 1])
		{
			region->limits[attnum - 1] = true;
			region->nlimits++;
		}
	}
	return region;
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

		if (!limited[i] || plan->columns[i].planned)
			continue;
		region->values[i] = rows_make_value(attribute->atttypid, attribute->atttypmod,
											&region->bounds[i], NameStr(attribute->attname));
		if (region->bounds[i].is_empty)
			return false;
	}
	return true;
}

static RowsValue *
make_region_value(RowsPlan *plan, RowsColumn *column, List *regions)
{
	RowsValue *value = NULL;
	int nfields = list_length(regions);
	RowsValue **fields = palloc(sizeof(RowsValue *) * nfields);
	ListCell *cell;

	foreach (cell, regions)
	{
		RowsValue *field = ((RowsRegion *) lfirst(cell))->values[column->attnum - 1];

		if (field == NULL)
			return NULL;
		if (value == NULL)
		{
			value = palloc(sizeof(RowsValue));
			*value = *field;
			value->capacity = 0;
			value->from_int = NULL;
			value->domain = NULL;
			value->nchoices = 0;
			value->name = "partition";
			value->detail = psprintf("a value of one of %d partitions", nfields);
			value->make = make_in_region;
			value->encode = encode_in_region;
			value->decode = decode_in_region;
			value->region_stream = rows_stream(plan->seed, 2 * MaxHeapAttributeNumber, 0);
		}
		if (field->encode == NULL)
			value->encode = NULL;
		value->capacity += field->capacity;
		fields[foreach_current_index(cell)] = field;
	}
	value->fields = fields;
	value->nfields = nfields;
	return value;
}

/* All columns of a row take their values from the same region. */
static Datum
make_in_region(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	RowsDraw region;
	bool isnull;

	rows_draw_start(&region, value->region_stream + draw->attempt * ROWS_STEP, draw->row);
	return rows_value(value->fields[rows_below(&region, value->nfields)], draw, arena, &isnull);
}

static Datum
encode_in_region(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	int i = 0;

	while (ordinal >= value->fields[i]->capacity)
		ordinal -= value->fields[i++]->capacity;
	return value->fields[i]->encode(value->fields[i], ordinal, draw, arena);
}

static bool
decode_in_region(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	uint64 passed = 0;

	for (int i = 0; i < value->nfields; i++)
	{
		if (value->fields[i]->decode(value->fields[i], datum, ordinal) &&
			*ordinal < value->fields[i]->capacity)
		{
			*ordinal += passed;
			return true;
		}
		passed += value->fields[i]->capacity;
	}
	return false;
}
