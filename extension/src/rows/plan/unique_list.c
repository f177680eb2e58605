/*-------------------------------------------------------------------------
 *
 * unique_list.c
 *	  The ordinals of unique columns whose values pass the CHECKs on them, and differ in
 *	  the expressions of their index.
 *
 * Where few values are possible, each of them counts: UNIQUE (a, b) with CHECK (a < b), a
 * table of one row, a partition bound.  Such ordinals are listed in advance.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/sysattr.h"
#include "catalog/pg_index.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "port/pg_bitutils.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/parents.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/hash.h"

/* At most this many ordinals are tried. */
#define MOST_LISTED (UINT64CONST(1) << 20)
/* As many show whether an expression of the index makes values equal. */
#define PROBED 4096
/* Rows' choices of values that show whether some have none that passes. */
#define PROBED_WINDOWS 48

/* What an ordinal is tried on. */
typedef struct Trial
{
	RowsPlan *plan;
	RowsUnique *unique;
	EState *estate;
	RowsTrial *row;
	Datum *values;
	bool *isnull;
	RowsArena arena;
	List *checks;		 /* of ExprState */
	List *expressions;	 /* of ExprState: all keys of the index, if one is an expression */
	List *types;		 /* of the expressions */
	uint64 *seen;		 /* hashes of their values, and the place of each */
	uint32 *seen_places; /* ... */
	uint64 nseen;		 /* a power of 2 */
	bool distinct_nulls; /* is a key that has a null like no other? */
	uint32 no_place;
} Trial;

static bool has_equal_keys(RowsPlan *plan, RowsUnique *unique, List *keys);
static bool has_gaps(RowsPlan *plan, RowsUnique *unique, List *checks);
static uint64 take_fewer(RowsUnique *unique, uint64 *radixes);
static void set_radixes(RowsUnique *unique, const uint64 *radixes);
static Bitmapset *told_columns(RowsUnique *unique);
static List *relevant_checks(RowsPlan *plan, RowsUnique *unique);
static List *index_keys(RowsPlan *plan, RowsUnique *unique, Relation index);
static bool has_equal_nulls(Oid relid);
static void start_trial(Trial *trial, RowsPlan *plan, RowsUnique *unique, List *checks, List *keys,
						uint64 n);
static void end_trial(Trial *trial);
static void list_ordinals(Trial *trial, uint64 n);
static void store_values(Trial *trial, uint64 ordinal);
static bool passes(Trial *trial);
static uint32 *place_of_key(Trial *trial);

/* List the ordinals, if that is possible and makes a difference. */
bool
rows_list_ordinals(RowsPlan *plan, RowsUnique *unique, Relation index)
{
	List *checks = relevant_checks(plan, unique);
	List *keys = index_keys(plan, unique, index);
	uint64 all = unique->capacity;
	uint64 n = Min(all, MOST_LISTED);
	uint64 *radixes = palloc(sizeof(uint64) * (unique->ncolumns + 1));
	Trial trial;

	if (unique->ncolumns == 0 || (checks == NIL && keys == NIL))
		return false;
	for (int i = 0; i < unique->ncolumns; i++)
		radixes[i] = unique->columns[i]->radix;
	/* of a column of many values each row tries some, one after the other */
	if (all > MOST_LISTED && (checks == NIL || unique->ncolumns == 1) &&
		!has_equal_keys(plan, unique, keys) && !has_gaps(plan, unique, checks))
		return false;
	if (all > MOST_LISTED && checks != NIL)
		n = take_fewer(unique, radixes);
	start_trial(&trial, plan, unique, checks, keys, n);
	list_ordinals(&trial, n);
	end_trial(&trial);
	if (unique->capacity > 0)
		return true;
	set_radixes(unique, radixes);
	unique->capacity = all;
	unique->ordinals = NULL;
	return false;
}

/* Do the expressions of the index make values equal at all? */
static bool
has_equal_keys(RowsPlan *plan, RowsUnique *unique, List *keys)
{
	uint64 all = unique->capacity;
	Trial trial;
	bool found;

	if (keys == NIL)
		return false;
	start_trial(&trial, plan, unique, NIL, keys, PROBED);
	list_ordinals(&trial, PROBED);
	end_trial(&trial);
	found = unique->capacity < PROBED;
	unique->capacity = all;
	unique->ordinals = NULL;
	return found;
}

/*
 * Are there many values in a row that the conditions reject, and others that they accept?
 * No row then finds one among those that it may try.
 */
static bool
has_gaps(RowsPlan *plan, RowsUnique *unique, List *checks)
{
	bool any = false;
	bool gaps = false;
	Trial trial;

	if (checks == NIL)
		return false;
	start_trial(&trial, plan, unique, checks, NIL, 0);
	for (uint64 window = 0; window < PROBED_WINDOWS; window++)
	{
		bool found = false;

		CHECK_FOR_INTERRUPTS();
		for (uint64 i = 0; i < ROWS_CHECKED_STRIDE && !found; i++)
		{
			store_values(&trial, window * ROWS_CHECKED_STRIDE + i);
			found = passes(&trial);
			rows_reset_arena(&trial.arena);
			ResetExprContext(trial.row->econtext);
		}
		any |= found;
		gaps |= !found;
	}
	end_trial(&trial);
	return any && gaps;
}

/* Take fewer values of those columns that have the most; returns how many combinations are left. */
static uint64
take_fewer(RowsUnique *unique, uint64 *radixes)
{
	uint64 *fewer = palloc(sizeof(uint64) * unique->ncolumns);

	/* the radix of a first column may be what the others left */
	for (int i = 0; i < unique->ncolumns; i++)
		fewer[i] = Max(radixes[i], Min(unique->columns[i]->value->capacity, MOST_LISTED));
	for (;;)
	{
		double product = 1;
		int most = 0;

		for (int i = 0; i < unique->ncolumns; i++)
		{
			product *= fewer[i];
			if (fewer[i] > fewer[most])
				most = i;
		}
		if (product <= MOST_LISTED)
		{
			set_radixes(unique, fewer);
			return (uint64) product;
		}
		fewer[most] = fewer[most] / 2;
	}
}

static void
set_radixes(RowsUnique *unique, const uint64 *radixes)
{
	uint64 divisor = 1;

	for (int i = unique->ncolumns - 1; i >= 0; i--)
	{
		unique->columns[i]->divisor = divisor;
		unique->columns[i]->radix = radixes[i];
		divisor *= radixes[i];
	}
}

/* The columns that the ordinal determines. */
static Bitmapset *
told_columns(RowsUnique *unique)
{
	Bitmapset *columns = NULL;

	for (int i = 0; i < unique->ncolumns; i++)
	{
		RowsColumn *column = unique->columns[i];

		if (column->kind != ROWS_COLUMN_FOREIGN)
			columns = bms_add_member(columns, column->attnum - FirstLowInvalidHeapAttributeNumber);
		for (int j = 0; column->kind == ROWS_COLUMN_FOREIGN && j < column->foreign->ncolumns; j++)
			columns = bms_add_member(columns, column->foreign->attnums[j] -
												  FirstLowInvalidHeapAttributeNumber);
	}
	return columns;
}

/* The CHECKs that speak of these columns alone. */
static List *
relevant_checks(RowsPlan *plan, RowsUnique *unique)
{
	Bitmapset *columns = told_columns(unique);
	List *checks = NIL;
	ListCell *cell;

	foreach (cell, plan->checks)
	{
		RowsCheck *check = lfirst(cell);
		int member;

		/* its generator makes what the condition accepts */
		if (bms_get_singleton_member(check->attributes, &member) &&
			plan->columns[member + FirstLowInvalidHeapAttributeNumber - 1].suits)
			continue;
		if (!bms_is_empty(check->attributes) && bms_is_subset(check->attributes, columns) &&
			rows_may_evaluate(plan, (Node *) check->expr))
			checks = lappend(checks, check->expr);
	}
	return checks;
}

/* The keys of an index with expressions, if the columns determine all of them. */
static List *
index_keys(RowsPlan *plan, RowsUnique *unique, Relation index)
{
	List *expressions;
	Bitmapset *attributes = NULL;
	List *keys = NIL;
	bool any = false;

	if (index->rd_index->indisexclusion || index->rd_index->indrelid != RelationGetRelid(plan->rel))
		return NIL;
	expressions = rows_key_expressions(plan, index);
	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
	{
		AttrNumber attnum = index->rd_index->indkey.values[i];
		Node *expr = list_nth(expressions, i);
		Form_pg_attribute attribute;

		if (expr != NULL)
		{
			keys = lappend(keys, expr);
			any = true;
			continue;
		}
		attribute = TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1);
		keys = lappend(keys, makeVar(1, attnum, attribute->atttypid, attribute->atttypmod,
									 attribute->attcollation, 0));
	}
	if (!any)
		return NIL;
	pull_varattnos((Node *) keys, 1, &attributes);
	return bms_is_subset(attributes, told_columns(unique)) && rows_may_evaluate(plan, (Node *) keys)
			   ? keys
			   : NIL;
}

static bool
has_equal_nulls(Oid relid)
{
	Relation index = index_open(relid, AccessShareLock);
	bool result = index->rd_index->indnullsnotdistinct;

	index_close(index, AccessShareLock);
	return result;
}

static void
start_trial(Trial *trial, RowsPlan *plan, RowsUnique *unique, List *checks, List *keys, uint64 n)
{
	ListCell *cell;

	memset(trial, 0, sizeof(Trial));
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

static void
end_trial(Trial *trial)
{
	rows_end_trial(trial->row);
	ExecDropSingleTupleTableSlot(trial->row->slot);
	FreeExecutorState(trial->estate);
}

/* Those of the first n ordinals that pass; an ordinal whose key another one has takes its place. */
static void
list_ordinals(Trial *trial, uint64 n)
{
	RowsUnique *unique = trial->unique;
	uint32 nlisted = 0;

	unique->ordinals = palloc(sizeof(uint32) * n);
	unique->places = palloc(sizeof(uint32) * n);
	unique->nplaces = n;
	for (uint64 ordinal = 0; ordinal < n; ordinal++)
	{
		uint32 *place = NULL;
		bool possible;

		CHECK_FOR_INTERRUPTS();
		store_values(trial, ordinal);
		possible = passes(trial);
		if (possible && trial->expressions != NIL)
		{
			place = place_of_key(trial);
			possible = (place != NULL);
		}
		if (possible)
		{
			if (place == NULL || *place == ROWS_NO_PLACE)
			{
				unique->ordinals[nlisted] = ordinal;
				unique->places[ordinal] = nlisted;
				if (place != NULL)
					*place = nlisted;
				nlisted++;
			}
			else
				unique->places[ordinal] = *place;
		}
		else
			unique->places[ordinal] = ROWS_NO_PLACE;
		rows_reset_arena(&trial->arena);
		ResetExprContext(trial->row->econtext);
	}
	unique->capacity = nlisted;
}

/* The values of the columns that the ordinal determines. */
static void
store_values(Trial *trial, uint64 ordinal)
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

static bool
passes(Trial *trial)
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
static uint32 *
place_of_key(Trial *trial)
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
