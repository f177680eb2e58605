/*-------------------------------------------------------------------------
 *
 * rows_partition.c
 *	  Values of partition keys: every row has to find its partition.
 *
 * Each partition is a region of values.  A row draws a region, and the columns
 * of the partition key take their values from there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "compat.h"
#include "rows.h"

static bool read_region(RowsPlan *plan, List *quals, RowsBounds *bounds, bool *limited);
static RowsBounds *copy_bounds(RowsPlan *plan);
static RowsValue *make_region_value(RowsPlan *plan, RowsColumn *column, List *regions);
static Datum make_in_region(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static Datum encode_in_region(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena);
static bool decode_in_region(const RowsValue *value, Datum datum, uint64 *ordinal);
static bool covers_everything(Relation rel);

/* Give the columns of the partition key values that some partition takes. */
void
rows_plan_partitions(RowsPlan *plan)
{
	Relation	rel = plan->rel;
	bool	   *limited = palloc0(sizeof(bool) * Max(plan->natts, 1));
	List	   *regions = NIL;	/* of arrays of RowsBounds */
	List	   *any_of = NIL;	/* of conditions, one a leaf */
	bool		understood = true;
	ListCell   *cell;

	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE || covers_everything(rel))
		return;

	foreach(cell, find_all_inheritors(RelationGetRelid(rel), AccessShareLock, NULL))
	{
		Relation	leaf = table_open(lfirst_oid(cell), AccessShareLock);
		List	   *quals = NIL;

		if (leaf->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
			quals = map_partition_varattnos(copyObject(RelationGetPartitionQual(leaf)), 1, rel, leaf);
		if (quals != NIL)
		{
			RowsBounds *bounds = copy_bounds(plan);

			any_of = lappend(any_of, make_ands_explicit(copyObject(quals)));
			if (read_region(plan, quals, bounds, limited))
				regions = lappend(regions, bounds);
			else
				understood = false;
		}
		table_close(leaf, AccessShareLock);
	}

	for (int i = 0; i < plan->natts && regions != NIL; i++)
	{
		if (limited[i] && !plan->columns[i].planned)
			plan->columns[i].region_value = make_region_value(plan, &plan->columns[i], regions);
	}
	if (!understood && regions == NIL && any_of != NIL)
	{
		RowsCheck  *check = palloc0(sizeof(RowsCheck));

		check->name = "(partition bounds)";
		check->expr = make_orclause(any_of);
		plan->checks = lappend(plan->checks, check);
	}
}

/*
 * With a default partition, or all remainders of a hash, no value is without a
 * partition.  (A default partition is spared, if the others are understood.)
 */
static bool
covers_everything(Relation rel)
{
	PartitionDesc partitions = RelationGetPartitionDesc(rel, true);
	PartitionBoundInfo bounds = partitions->boundinfo;
	double		covered = 0;

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

/* The bounds of each column within one partition; false: not understood. */
static bool
read_region(RowsPlan *plan, List *quals, RowsBounds *bounds, bool *limited)
{
	List	   *conditions = make_ands_implicit((Expr *)
												eval_const_expressions(NULL, (Node *) make_ands_explicit(quals)));
	ListCell   *cell;
	bool		understood = true;

	foreach(cell, conditions)
	{
		Node	   *condition = lfirst(cell);
		Bitmapset  *attributes = NULL;
		int			member;
		AttrNumber	attnum;

		pull_varattnos(condition, 1, &attributes);
		if (!bms_get_singleton_member(attributes, &member))
		{
			understood = false;
			continue;
		}
		attnum = member + FirstLowInvalidHeapAttributeNumber;
		if (attnum <= 0)
			return false;
		if (!rows_read_condition(condition, attnum, &bounds[attnum - 1]))
			understood = false;
		else if (!IsA(condition, NullTest))
			limited[attnum - 1] = true;
	}
	return understood;
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
		bounds[i].choices = NIL;
	}
	return bounds;
}

static RowsValue *
make_region_value(RowsPlan *plan, RowsColumn *column, List *regions)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(plan->rel), column->attnum - 1);
	RowsValue  *value = NULL;
	int			nfields = list_length(regions);
	RowsValue **fields = palloc(sizeof(RowsValue *) * nfields);
	ListCell   *cell;

	foreach(cell, regions)
	{
		RowsBounds *bounds = lfirst(cell);
		RowsValue  *field = rows_make_value(attribute->atttypid, attribute->atttypmod,
											&bounds[column->attnum - 1], NameStr(attribute->attname));

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
			value->region_key = rows_key(plan->seed, 2 * MaxHeapAttributeNumber, 0);
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

/* All columns of a row fall into the same region. */
static Datum
make_in_region(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	RowsDraw	region;
	bool		isnull;

	rows_draw_start(&region, value->region_key, draw->row);
	return rows_value(value->fields[rows_below(&region, value->nfields)], draw, arena, &isnull);
}

static Datum
encode_in_region(const RowsValue *value, uint64 ordinal, RowsDraw *draw, RowsArena *arena)
{
	int			i = 0;

	while (ordinal >= value->fields[i]->capacity)
		ordinal -= value->fields[i++]->capacity;
	return value->fields[i]->encode(value->fields[i], ordinal, draw, arena);
}

static bool
decode_in_region(const RowsValue *value, Datum datum, uint64 *ordinal)
{
	uint64		passed = 0;

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
