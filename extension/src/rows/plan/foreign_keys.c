/*-------------------------------------------------------------------------
 *
 * foreign_keys.c
 *	  The foreign keys that the rows of a table have to obey: its own, and those
 *	  of its partitions.
 *
 * A foreign key that only some partitions have counts for all rows: that is more than
 * PostgreSQL asks for, and never less.  Only where partitions refer to different tables by
 * the same column, each obeys its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "rows/plan/leaves.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"

static void add_keys_of(RowsPlan *plan, Relation rel, List **keys);
static List *without_disagreeing(RowsPlan *plan, List *keys);
static bool contradicts(RowsKey *key, RowsKey *other);
static bool is_derived(Oid constraint, Oid relid, Oid root);
static bool refers_to_itself(RowsPlan *plan, ForeignKeyCacheInfo *info);
static RowsKey *find_same(List *keys, ForeignKeyCacheInfo *info);
static RowsKey *make_key(ForeignKeyCacheInfo *info);
static int by_width(const ListCell *a, const ListCell *b);

/* The enforced foreign keys (of RowsKey), widest first: (tenant, customer) determines the tenant. */
List *
rows_foreign_keys(RowsPlan *plan)
{
	List *keys = NIL;
	ListCell *cell;

	add_keys_of(plan, plan->rel, &keys);
	if (plan->rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		foreach (cell, rows_leaves(plan->rel))
		{
			Relation leaf = table_open(lfirst_oid(cell), NoLock);

			add_keys_of(plan, leaf, &keys);
			table_close(leaf, NoLock);
		}
	}
	list_sort(keys, by_width);
	return without_disagreeing(plan, keys);
}

/* Leave out the keys of partitions that other partitions contradict. */
static List *
without_disagreeing(RowsPlan *plan, List *keys)
{
	List *agreeing = NIL;
	ListCell *cell;

	foreach (cell, keys)
	{
		RowsKey *key = lfirst(cell);
		bool disagrees = false;
		ListCell *other;

		foreach (other, keys)
			disagrees |= contradicts(key, lfirst(other));
		if (disagrees)
			plan->leaf_keys = lappend(plan->leaf_keys, key);
		else
			agreeing = lappend(agreeing, key);
	}
	return agreeing;
}

/* Do two partitions, none of which has both keys, refer to rows by the same column? */
static bool
contradicts(RowsKey *key, RowsKey *other)
{
	ListCell *leaf;

	if (key == other || key->leaves == NIL || other->leaves == NIL)
		return false;
	foreach (leaf, key->leaves)
	{
		if (list_member_oid(other->leaves, lfirst_oid(leaf)))
			return false;
	}
	for (int i = 0; i < key->info->nkeys; i++)
	{
		for (int j = 0; j < other->info->nkeys; j++)
		{
			if (key->info->conkey[i] == other->info->conkey[j])
				return true;
		}
	}
	return false;
}

/* Add the foreign keys of a table, or of a partition those that the table does not have. */
static void
add_keys_of(RowsPlan *plan, Relation rel, List **keys)
{
	AttrMap *map = build_attrmap_by_name(RelationGetDescr(plan->rel), RelationGetDescr(rel), false);
	ListCell *cell;

	foreach (cell, copyObject(RelationGetFKeyList(rel)))
	{
		ForeignKeyCacheInfo *info = lfirst(cell);
		RowsKey *same;

		if (!poc_foreign_key_is_enforced(info) ||
			is_derived(info->conoid, RelationGetRelid(rel), RelationGetRelid(plan->rel)))
			continue;
		for (int i = 0; i < info->nkeys; i++)
			info->conkey[i] = map->attnums[info->conkey[i] - 1];
		if (refers_to_itself(plan, info))
			continue;
		same = find_same(*keys, info);
		if (same == NULL)
		{
			same = make_key(info);
			*keys = lappend(*keys, same);
		}
		else
			same->constraints = lappend_oid(same->constraints, info->conoid);
		if (rel != plan->rel)
			same->leaves = lappend_oid(same->leaves, RelationGetRelid(rel));
	}
}

/*
 * Does the constraint come from another one that counts already?  PostgreSQL derives one
 * for each partition of the referencing table, and one for each of the referenced table.
 */
static bool
is_derived(Oid constraint, Oid relid, Oid root)
{
	bool first = true;

	while (OidIsValid(constraint))
	{
		HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
		Form_pg_constraint form;
		Oid of;

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for constraint %u", constraint);
		form = (Form_pg_constraint) GETSTRUCT(tuple);
		constraint = form->conparentid;
		of = form->conrelid;
		ReleaseSysCache(tuple);
		if (!first && (of == relid || of == root))
			return true;
		first = false;
	}
	return false;
}

/* A key whose columns refer to themselves is true of every row. */
static bool
refers_to_itself(RowsPlan *plan, ForeignKeyCacheInfo *info)
{
	if (info->confrelid != RelationGetRelid(plan->rel))
		return false;
	for (int i = 0; i < info->nkeys; i++)
	{
		if (info->conkey[i] != info->confkey[i])
			return false;
	}
	return true;
}

static RowsKey *
find_same(List *keys, ForeignKeyCacheInfo *info)
{
	ListCell *cell;

	foreach (cell, keys)
	{
		RowsKey *key = lfirst(cell);
		bool same = key->info->confrelid == info->confrelid && key->info->nkeys == info->nkeys;

		for (int i = 0; i < info->nkeys && same; i++)
			same = key->info->conkey[i] == info->conkey[i] &&
				   key->info->confkey[i] == info->confkey[i];
		if (same)
			return key;
	}
	return NULL;
}

static RowsKey *
make_key(ForeignKeyCacheInfo *info)
{
	RowsKey *key = palloc0(sizeof(RowsKey));
	HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(info->conoid));

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", info->conoid);
	key->info = info;
	key->match_full = ((Form_pg_constraint) GETSTRUCT(tuple))->confmatchtype == FKCONSTR_MATCH_FULL;
	key->deferrable = ((Form_pg_constraint) GETSTRUCT(tuple))->condeferrable;
	key->constraints = list_make1_oid(info->conoid);
	ReleaseSysCache(tuple);
	return key;
}

static int
by_width(const ListCell *a, const ListCell *b)
{
	ForeignKeyCacheInfo *left = ((RowsKey *) lfirst(a))->info;
	ForeignKeyCacheInfo *right = ((RowsKey *) lfirst(b))->info;

	if (left->nkeys != right->nkeys)
		return right->nkeys - left->nkeys;
	return (left->conkey[0] > right->conkey[0]) - (left->conkey[0] < right->conkey[0]);
}
