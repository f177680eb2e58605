/*-------------------------------------------------------------------------
 *
 * unique_trial.c
 *	  Tries an ordinal of unique columns: which values it gives them, whether the CHECKs
 *	  accept these, and which other ordinal has the same key.
 *
 * What may be evaluated and how many ordinals are tried, the caller decides
 * (unique_list.c); nothing here changes the unique columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_index.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "port/pg_bitutils.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/parents.h"
#include "rows/plan/unique_trial.h"
#include "rows/value/generator.h"
#include "rows/value/hash.h"

static bool has_equal_nulls(Oid relid);

void
rows_start_unique_trial(RowsUniqueTrial *trial, RowsPlan *plan, RowsUnique *unique, List *checks,
						List *keys, uint64 n)
{
	ListCell *cell;

	memset(trial, 0, sizeof(RowsUniqueTrial));
	trial->plan = plan;
	trial->unique = unique;
	trial->distinct_nulls = !has_equal_nulls(unique->index);
	trial->estate = CreateExecutorState();
	trial->row = rows_make_trial(plan, trial->estate);
	trial->values = palloc0(sizeof(Datum) * Max(plan->natts, 1));
	trial->isnull = palloc(sizeof(bool) * Max(plan->natts, 1));
	rows_init_arena(&trial->arena);
	/* what raises an error about its data is not possible */
	rows_catch_in_trial(trial->row, rows_may_fail((Node *) checks) || rows_may_fail((Node *) keys));
	foreach (cell, checks)
		trial->checks = lappend(trial->checks, ExecPrepareExpr(lfirst(cell), trial->estate));
	foreach (cell, keys)
	{
		trial->expressions = lappend(trial->expressions,
									 ExecPrepareExpr(lfirst(cell), trial->estate));
		trial->types = lappend_oid(trial->types, exprType(lfirst(cell)));
	}
	if (keys != NIL)
	{
		trial->nseen = pg_nextpower2_64(n * 2);
		trial->seen = palloc0(sizeof(uint64) * trial->nseen);
		trial->seen_places = palloc(sizeof(uint32) * trial->nseen);
		memset(trial->seen_places, 0xff, sizeof(uint32) * trial->nseen);
	}
}

void
rows_end_unique_trial(RowsUniqueTrial *trial)
{
	rows_end_trial(trial->row);
	ExecDropSingleTupleTableSlot(trial->row->slot);
	FreeExecutorState(trial->estate);
}

static bool
has_equal_nulls(Oid relid)
{
	Relation index = index_open(relid, AccessShareLock);
	bool result = index->rd_index->indnullsnotdistinct;

	index_close(index, AccessShareLock);
	return result;
}

/* The values of the columns that the ordinal determines become those of the row. */
void
rows_store_ordinal(RowsUniqueTrial *trial, uint64 ordinal)
{
	RowsUnique *unique = trial->unique;

	memset(trial->isnull, true, sizeof(bool) * trial->plan->natts);
	for (int i = 0; i < unique->ncolumns; i++)
	{
		RowsColumn *column = unique->columns[i];
		uint64 part = ordinal / column->divisor % column->radix;
		RowsDraw draw;

		if (column->kind != ROWS_COLUMN_FOREIGN)
		{
			rows_draw_start(&draw, column->stream, 0);
			trial->values[column->attnum - 1] = column->value->encode(column->value, part, &draw,
																	  &trial->arena);
			trial->isnull[column->attnum - 1] = false;
			continue;
		}
		for (int j = 0; j < column->foreign->ncolumns; j++)
		{
			AttrNumber attnum = column->foreign->attnums[j];

			trial->values[attnum - 1] = rows_foreign_value(column->foreign, part, j);
			trial->isnull[attnum - 1] = false;
		}
	}
	rows_set_trial(trial->row, trial->values, trial->isnull);
}

bool
rows_ordinal_passes(RowsUniqueTrial *trial)
{
	ListCell *cell;

	foreach (cell, trial->checks)
	{
		if (!rows_passes(trial->row, lfirst(cell)))
			return false;
	}
	return true;
}

/* Where the place of the row's key is kept; NULL: it has none.  Keys of one hash count as equal. */
uint32 *
rows_place_of_key(RowsUniqueTrial *trial)
{
	uint64 hash = 0;
	uint64 at;
	ListCell *cell;
	ListCell *type;

	forboth (cell, trial->expressions, type, trial->types)
	{
		Oid type_oid = lfirst_oid(type);
		bool isnull;
		Datum datum;

		if (!rows_compute(trial->row, lfirst(cell), &trial->arena, get_typbyval(type_oid),
						  get_typlen(type_oid), &datum, &isnull))
			return NULL;
		if (isnull && trial->distinct_nulls)
		{
			trial->no_place = ROWS_NO_PLACE;
			return &trial->no_place;
		}
		hash = hash_combine64(hash,
							  rows_mix(isnull ? 0 : 1 + (uint64) rows_hash_datum(datum, type_oid)));
	}
	hash = Max(hash, 1);
	for (at = hash & (trial->nseen - 1); trial->seen[at] != 0; at = (at + 1) & (trial->nseen - 1))
	{
		if (trial->seen[at] == hash)
			return &trial->seen_places[at];
	}
	trial->seen[at] = hash;
	return &trial->seen_places[at];
}
