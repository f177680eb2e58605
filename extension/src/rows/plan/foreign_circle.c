/*-------------------------------------------------------------------------
 *
 * foreign_circle.c
 *	  Foreign keys in a circle: which table cannot be filled first, and the columns
 *	  whose values were promised to rows that refer to them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/type.h"

static bool leads_back(RowsPlan *plan, Oid from, List **visited);
static bool is_strict(Relation rel, ForeignKeyCacheInfo *info);
static Datum make_promised(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/*
 * Can the referenced table have no row before this one has?  That is so if keys that take
 * no null lead from there through empty tables to this one, or to one that waits for it.
 */
bool
rows_is_in_circle(RowsPlan *plan, RowsKey *key)
{
	List *visited = NIL;

	return leads_back(plan, key->info->confrelid, &visited);
}

/* Can a table have no row before one that waits for the plan's has? */
bool
rows_waits(RowsPlan *plan, Oid relid)
{
	List *visited = NIL;

	return plan->call.waiting != NIL && leads_back(plan, relid, &visited);
}

static bool
leads_back(RowsPlan *plan, Oid from, List **visited)
{
	Relation rel;
	List *keys;
	List *strict = NIL;
	ListCell *cell;

	if (from == RelationGetRelid(plan->rel) || list_member_oid(plan->call.waiting, from))
		return true;
	if (list_member_oid(*visited, from))
		return false;
	check_stack_depth();
	*visited = lappend_oid(*visited, from);

	rel = table_open(from, AccessShareLock);
	keys = copyObject(RelationGetFKeyList(rel));
	foreach (cell, keys)
	{
		ForeignKeyCacheInfo *info = lfirst(cell);

		if (info->confrelid != from && poc_foreign_key_is_enforced(info) && is_strict(rel, info))
			strict = lappend(strict, info);
	}
	table_close(rel, NoLock);
	foreach (cell, strict)
	{
		ForeignKeyCacheInfo *info = lfirst(cell);

		if (leads_back(plan, info->confrelid, visited) && !rows_has_parents(plan, info))
			return true;
	}
	return false;
}

/* Is a row without a row to refer to impossible? */
static bool
is_strict(Relation rel, ForeignKeyCacheInfo *info)
{
	HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(info->conoid));
	bool full;
	int nullable = 0;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", info->conoid);
	full = ((Form_pg_constraint) GETSTRUCT(tuple))->confmatchtype == FKCONSTR_MATCH_FULL;
	ReleaseSysCache(tuple);
	for (int i = 0; i < info->nkeys; i++)
		nullable += !TupleDescAttr(RelationGetDescr(rel), info->conkey[i] - 1)->attnotnull;
	return full ? nullable < info->nkeys : nullable == 0;
}

/*
 * May rows refer to keys that the other table will have?  Where PostgreSQL does not wait with
 * its check, it takes the place of that to read both tables.
 */
bool
rows_may_promise(RowsPlan *plan, RowsKey *key)
{
	Oid relids[] = {RelationGetRelid(plan->rel), key->info->confrelid};

	if (key->deferrable)
		return true;
	if (key->leaves != NIL || plan->rel != plan->target || plan->manager != NULL)
		return false;
	for (int i = 0; i < (int) lengthof(relids); i++)
	{
		if (pg_class_aclcheck(relids[i], plan->call.caller, ACL_SELECT) != ACLCHECK_OK ||
			check_enable_rls(relids[i], plan->call.caller, true) == RLS_ENABLED)
			return false;
	}
	return true;
}

/* Columns whose values other rows refer to already get these values, in their order. */
void
rows_plan_promised(RowsPlan *plan)
{
	ListCell *cell;

	if (plan->call.circle == NULL || plan->call.promising)
		return;
	foreach (cell, plan->call.circle->promises)
	{
		RowsPromise *promise = lfirst(cell);

		if (promise->relid != RelationGetRelid(plan->rel) || promise->kept)
			continue;
		for (int i = 0; i < promise->ncolumns; i++)
		{
			RowsColumn *column = &plan->columns[promise->attnums[i] - 1];

			if (column->planned)
				continue;
			column->value = rows_make_unknown_value(TupleDescAttr(RelationGetDescr(plan->rel),
																  promise->attnums[i] - 1)
														->atttypid,
													-1);
			column->value->name = "promised";
			column->value->choices = palloc(sizeof(Datum) * Max(promise->nrows, 1));
			for (uint64 row = 0; row < promise->nrows; row++)
				column->value->choices[row] = promise->values[row * promise->ncolumns + i];
			column->value->nchoices = promise->nrows;
			column->value->low = (int64) plan->options->start;
			column->value->make = make_promised;
			column->kind = ROWS_COLUMN_RANDOM;
			column->planned = true;
			column->promised = true;
		}
	}
}

static Datum
make_promised(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	uint64 number = draw->row - (uint64) value->low;

	if (number >= value->nchoices)
		elog(ERROR, "row " UINT64_FORMAT " has no promised key", draw->row);
	return value->choices[number];
}
