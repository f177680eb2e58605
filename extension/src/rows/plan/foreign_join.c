/*-------------------------------------------------------------------------
 *
 * foreign_join.c
 *	  Foreign keys that share columns: the combinations of rows that agree.
 *
 * (tenant, customer) and (tenant, product) of one row must name the same
 * tenant.  The rows of each table are grouped by the shared columns.  A
 * combination is a group and one of its rows from each table.  Combinations
 * are numbered, but never stored.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/value/hash.h"

/* The rows of one table, sorted by group. */
typedef struct RowsPart
{
	RowsForeign *foreign;
	int *shared;   /* its shared components, in the order of the join */
	uint64 *rows;  /* all rows, group after group */
	uint64 *first; /* start of each group, and the end */
	uint64 *place; /* position of each row in its group; PG_UINT64_MAX: in none */
	uint32 *group; /* of each row */
} RowsPart;

typedef struct RowsJoin
{
	int nshared;
	AttrNumber *shared; /* columns of the target */
	int nparts;
	RowsPart *parts;
	int *part_of; /* for each column of the combination */
	int *component_of;
	uint32 ngroups;
	uint64 *before; /* combinations before each group, and in all */
} RowsJoin;

static bool shared_columns(RowsForeign *foreign, RowsForeign *added, RowsJoin *join);
static void add_parts(RowsJoin *join, RowsForeign *foreign, int *n);
static void group_rows(RowsJoin *join);
static uint32 hash_shared(RowsJoin *join, RowsPart *part, uint64 row);
static bool same_shared(RowsJoin *join, RowsPart *a, uint64 row, RowsPart *b, uint64 other);
static void take_columns(RowsForeign *result, RowsJoin *join);

/*
 * The combinations of two sets of rows.  NULL if there are none, or if the
 * tables do not all share the same columns.
 */
RowsForeign *
rows_join_foreign(RowsPlan *plan, RowsForeign *left, RowsForeign *right)
{
	RowsForeign *result = palloc0(sizeof(RowsForeign));
	RowsJoin *join = palloc0(sizeof(RowsJoin));
	int n = 0;

	if (!shared_columns(left, right, join))
		return NULL;
	join->nparts = (left->join != NULL ? left->join->nparts : 1) + 1;
	join->parts = palloc0(sizeof(RowsPart) * join->nparts);
	add_parts(join, left, &n);
	add_parts(join, right, &n);
	group_rows(join);

	result->constraint = left->constraint;
	result->parent = left->parent;
	result->number = left->number;
	result->stream = left->stream;
	result->match_full = left->match_full || right->match_full;
	result->join = join;
	result->nparents = join->before[join->ngroups];
	take_columns(result, join);
	return result->nparents > 0 ? result : NULL;
}

/* All pairs of tables in a join must share the same columns. */
static bool
shared_columns(RowsForeign *foreign, RowsForeign *added, RowsJoin *join)
{
	join->shared = palloc(sizeof(AttrNumber) * added->ncolumns);
	for (int i = 0; i < added->ncolumns; i++)
	{
		for (int j = 0; j < foreign->ncolumns; j++)
		{
			if (added->attnums[i] == foreign->attnums[j])
				join->shared[join->nshared++] = added->attnums[i];
		}
	}
	if (foreign->join == NULL)
		return true;
	if (join->nshared != foreign->join->nshared)
		return false;
	for (int i = 0; i < join->nshared; i++)
	{
		bool found = false;

		for (int j = 0; j < join->nshared; j++)
			found |= (join->shared[i] == foreign->join->shared[j]);
		if (!found)
			return false;
	}
	return true;
}

static void
add_parts(RowsJoin *join, RowsForeign *foreign, int *n)
{
	RowsPart *part;

	if (foreign->join != NULL)
	{
		for (int i = 0; i < foreign->join->nparts; i++)
			add_parts(join, foreign->join->parts[i].foreign, n);
		return;
	}
	part = &join->parts[(*n)++];
	part->foreign = foreign;
	part->shared = palloc(sizeof(int) * join->nshared);
	for (int i = 0; i < join->nshared; i++)
	{
		for (int j = 0; j < foreign->ncolumns; j++)
		{
			if (foreign->attnums[j] == join->shared[i])
				part->shared[i] = j;
		}
	}
}

/* The rows of one table, sorted by the hash of the shared columns. */
static RowsIndexEntry *
order_rows(RowsJoin *join, RowsPart *part)
{
	uint64 nrows = part->foreign->nparents;
	RowsIndexEntry *rows = MemoryContextAllocHuge(CurrentMemoryContext,
												  sizeof(RowsIndexEntry) * Max(nrows, 1));

	for (uint64 row = 0; row < nrows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		rows[row].hash = hash_shared(join, part, row);
		rows[row].choice = row;
	}
	rows_sort_by_hash(rows, nrows);
	return rows;
}

/* The first table defines the groups; rows of other tables are assigned to them. */
static void
group_rows(RowsJoin *join)
{
	RowsPart *first = &join->parts[0];
	uint64 nfirst = first->foreign->nparents;
	RowsIndexEntry *ordered = order_rows(join, first);
	uint64 *founder = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint64) * Max(nfirst, 1));
	uint32 *first_group = MemoryContextAllocHuge(CurrentMemoryContext,
												 sizeof(uint32) * Max(nfirst, 1));

	/* rows of one hash are adjacent, but may be of several groups */
	for (uint64 i = 0; i < nfirst; i++)
	{
		bool same_hash = (i > 0 && ordered[i].hash == ordered[i - 1].hash);
		bool found = false;

		first_group[i] = same_hash ? first_group[i - 1] : join->ngroups;
		for (uint32 group = first_group[i]; group < join->ngroups && !found; group++)
		{
			CHECK_FOR_INTERRUPTS();
			found = same_shared(join, first, ordered[i].choice, first, founder[group]);
		}
		if (!found)
			founder[join->ngroups++] = ordered[i].choice;
	}

	for (int p = 0; p < join->nparts; p++)
	{
		RowsPart *part = &join->parts[p];
		uint64 nrows = part->foreign->nparents;
		RowsIndexEntry *rows = (p == 0) ? ordered : order_rows(join, part);
		uint64 at = 0;

		part->rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint64) * Max(nrows, 1));
		part->first = MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(uint64) * (join->ngroups + 2));
		part->place = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint64) * Max(nrows, 1));
		part->group = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * Max(nrows, 1));
		memset(part->first, 0, sizeof(uint64) * (join->ngroups + 2));

		/* find the group: both lists are sorted by the hash */
		for (uint64 i = 0; i < nrows; i++)
		{
			uint64 row = rows[i].choice;

			part->place[row] = PG_UINT64_MAX;
			while (at < nfirst && ordered[at].hash < rows[i].hash)
				at++;
			if (at == nfirst || ordered[at].hash != rows[i].hash)
				continue;
			for (uint32 group = first_group[at];
				 group < join->ngroups && hash_shared(join, first, founder[group]) == rows[i].hash;
				 group++)
			{
				CHECK_FOR_INTERRUPTS();
				if (same_shared(join, part, row, first, founder[group]))
				{
					part->group[row] = group;
					part->place[row] = part->first[group + 1]++;
					break;
				}
			}
		}
		for (uint32 group = 0; group < join->ngroups; group++)
			part->first[group + 1] += part->first[group];
		for (uint64 row = 0; row < nrows; row++)
		{
			if (part->place[row] != PG_UINT64_MAX)
				part->rows[part->first[part->group[row]] + part->place[row]] = row;
		}
	}

	join->before = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint64) * (join->ngroups + 1));
	join->before[0] = 0;
	for (uint32 group = 0; group < join->ngroups; group++)
	{
		uint64 combinations = 1;

		for (int p = 0; p < join->nparts; p++)
			combinations *= join->parts[p].first[group + 1] - join->parts[p].first[group];
		join->before[group + 1] = join->before[group] + combinations;
	}
}

static uint32
hash_shared(RowsJoin *join, RowsPart *part, uint64 row)
{
	uint32 hash = 0;

	for (int i = 0; i < join->nshared; i++)
		hash = hash_combine(hash,
							rows_hash_datum(rows_foreign_value(part->foreign, row, part->shared[i]),
											part->foreign->types[part->shared[i]]));
	return hash;
}

static bool
same_shared(RowsJoin *join, RowsPart *a, uint64 row, RowsPart *b, uint64 other)
{
	for (int i = 0; i < join->nshared; i++)
	{
		if (!rows_same_datum(rows_foreign_value(a->foreign, row, a->shared[i]),
							 rows_foreign_value(b->foreign, other, b->shared[i]),
							 a->foreign->types[a->shared[i]]))
			return false;
	}
	return true;
}

/* Take each column once, from the first table that has it. */
static void
take_columns(RowsForeign *result, RowsJoin *join)
{
	int most = 0;

	for (int p = 0; p < join->nparts; p++)
		most += join->parts[p].foreign->ncolumns;
	result->attnums = palloc(sizeof(AttrNumber) * most);
	result->types = palloc(sizeof(Oid) * most);
	join->part_of = palloc(sizeof(int) * most);
	join->component_of = palloc(sizeof(int) * most);
	for (int p = 0; p < join->nparts; p++)
	{
		RowsForeign *foreign = join->parts[p].foreign;

		for (int i = 0; i < foreign->ncolumns; i++)
		{
			bool taken = false;

			for (int j = 0; j < result->ncolumns; j++)
				taken |= (result->attnums[j] == foreign->attnums[i]);
			if (taken)
				continue;
			join->part_of[result->ncolumns] = p;
			join->component_of[result->ncolumns] = i;
			result->types[result->ncolumns] = foreign->types[i];
			result->attnums[result->ncolumns++] = foreign->attnums[i];
		}
	}
}

/* ---- ordinals of combinations ---- */

/* Value of one column of a combination. */
Datum
rows_joined_value(const RowsForeign *foreign, uint64 ordinal, int component)
{
	const RowsJoin *join = foreign->join;
	int wanted = join->part_of[component];
	uint32 low = 0;
	uint32 high = join->ngroups - 1;

	while (low < high)
	{
		uint32 middle = low + (high - low + 1) / 2;

		if (join->before[middle] <= ordinal)
			low = middle;
		else
			high = middle - 1;
	}
	ordinal -= join->before[low];
	for (int p = 0;; p++)
	{
		const RowsPart *part = &join->parts[p];
		uint64 nrows = part->first[low + 1] - part->first[low];

		if (p == wanted)
			return rows_foreign_value(part->foreign, part->rows[part->first[low] + ordinal % nrows],
									  join->component_of[component]);
		ordinal /= nrows;
	}
}

/* Finds the ordinal of the combination with these values. */
bool
rows_joined_ordinal(RowsForeign *foreign, const Datum *values, uint64 *ordinal)
{
	RowsJoin *join = foreign->join;
	uint64 factor = 1;
	uint32 group = 0;

	*ordinal = 0;
	for (int p = 0; p < join->nparts; p++)
	{
		RowsPart *part = &join->parts[p];
		Datum *row = palloc(sizeof(Datum) * part->foreign->ncolumns);
		uint64 found;

		for (int i = 0; i < part->foreign->ncolumns; i++)
		{
			for (int j = 0; j < foreign->ncolumns; j++)
			{
				if (part->foreign->attnums[i] == foreign->attnums[j])
					row[i] = values[j];
			}
		}
		if (!rows_find_parent(part->foreign, row, &found) || part->place[found] == PG_UINT64_MAX ||
			(p > 0 && part->group[found] != group))
			return false;
		group = part->group[found];
		*ordinal += part->place[found] * factor;
		factor *= part->first[group + 1] - part->first[group];
	}
	*ordinal += join->before[group];
	return true;
}

RowsForeign **
rows_joined_parts(const RowsForeign *foreign, int *nparts)
{
	RowsForeign **parts;

	*nparts = foreign->join != NULL ? foreign->join->nparts : 0;
	parts = palloc(sizeof(RowsForeign *) * Max(*nparts, 1));
	for (int i = 0; i < *nparts; i++)
		parts[i] = foreign->join->parts[i].foreign;
	return parts;
}
