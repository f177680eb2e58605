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

#include "access/sysattr.h"
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/plan/unique_trial.h"
#include "rows/value/arena.h"

/* At most this many ordinals are tried. */
#define MOST_LISTED (UINT64CONST(1) << 20)
/* As many show whether an expression of the index makes values equal. */
#define PROBED 4096
/* Rows' choices of values that show whether some have none that passes. */
#define PROBED_WINDOWS 48

static bool has_equal_keys(RowsPlan *plan, RowsUnique *unique, List *keys);
static bool has_gaps(RowsPlan *plan, RowsUnique *unique, List *checks);
static uint64 take_fewer(RowsUnique *unique, uint64 *radixes);
static void set_radixes(RowsUnique *unique, const uint64 *radixes);
static Bitmapset *told_columns(RowsUnique *unique);
static List *relevant_checks(RowsPlan *plan, RowsUnique *unique);
static List *index_keys(RowsPlan *plan, RowsUnique *unique, Relation index);
static void list_ordinals(RowsUniqueTrial *trial, uint64 n);

/* List the ordinals, if that is possible and makes a difference. */
bool
rows_list_ordinals(RowsPlan *plan, RowsUnique *unique, Relation index)
{
	List *checks = relevant_checks(plan, unique);
	List *keys = index_keys(plan, unique, index);
	uint64 all = unique->capacity;
	uint64 n = Min(all, MOST_LISTED);
	uint64 *radixes = palloc(sizeof(uint64) * (unique->ncolumns + 1));
	RowsUniqueTrial trial;

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
	rows_start_unique_trial(&trial, plan, unique, checks, keys, n);
	list_ordinals(&trial, n);
	rows_end_unique_trial(&trial);
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
	RowsUniqueTrial trial;
	bool found;

	if (keys == NIL)
		return false;
	rows_start_unique_trial(&trial, plan, unique, NIL, keys, PROBED);
	list_ordinals(&trial, PROBED);
	rows_end_unique_trial(&trial);
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
	RowsUniqueTrial trial;

	if (checks == NIL)
		return false;
	rows_start_unique_trial(&trial, plan, unique, checks, NIL, 0);
	for (uint64 window = 0; window < PROBED_WINDOWS; window++)
	{
		bool found = false;

		CHECK_FOR_INTERRUPTS();
		for (uint64 i = 0; i < ROWS_CHECKED_STRIDE && !found; i++)
		{
			rows_store_ordinal(&trial, window * ROWS_CHECKED_STRIDE + i);
			found = rows_ordinal_passes(&trial);
			rows_reset_arena(&trial.arena);
			ResetExprContext(trial.row->econtext);
		}
		any |= found;
		gaps |= !found;
	}
	rows_end_unique_trial(&trial);
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

/* Those of the first n ordinals that pass; an ordinal whose key another one has takes its place. */
static void
list_ordinals(RowsUniqueTrial *trial, uint64 n)
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
		rows_store_ordinal(trial, ordinal);
		possible = rows_ordinal_passes(trial);
		if (possible && trial->expressions != NIL)
		{
			place = rows_place_of_key(trial);
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
