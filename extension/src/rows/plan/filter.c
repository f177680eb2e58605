/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  Values of a column that pass a condition which bounds do not express, such as
 *	  that of a default partition, or of a partition key that is an expression.
 *
 * A value is drawn until one passes; after some attempts it is one of the examples that
 * were found in advance.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/plan/region.h"
#include "rows/value/arena.h"
#include "rows/value/generator.h"
#include "rows/value/type.h"

/* Values drawn in advance, examples kept of them, and values drawn for a row. */
#define SAMPLE		  4000
#define MOST_EXAMPLES 64
#define ROW_ATTEMPTS  16

struct RowsFilter
{
	ExprContext *econtext;
	List *states; /* of ExprState */
	TupleTableSlot *slot;
	AttrNumber attnum;
	int nexamples;
	Datum examples[MOST_EXAMPLES];
};

/* Constants of a condition that are of one type. */
typedef struct Constants
{
	Oid type;
	List *datums; /* of Datum * */
} Constants;

static bool passes(const RowsFilter *filter, Datum datum, bool isnull);
static void find_examples(RowsPlan *plan, RowsFilter *filter, RowsValue *base, List *conditions);
static void add_example(RowsFilter *filter, RowsValue *base, Datum datum);
static bool collect_constants(Node *node, void *context);
static Datum make_filtered(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* NULL: no value was found that passes.  *takes_null: null passes. */
RowsValue *
rows_make_filtered_value(RowsPlan *plan, RowsValue *base, AttrNumber attnum, List *conditions,
						 bool *takes_null)
{
	RowsFilter *filter = palloc0(sizeof(RowsFilter));
	RowsValue *value = palloc(sizeof(RowsValue));
	ListCell *cell;

	*takes_null = false;
	/* who only asks runs no CHECK of a domain */
	if (plan->call.explaining && base->domain != NULL)
		return base;
	filter->econtext = CreateStandaloneExprContext();
	/* a copy of the descriptor needs no owner */
	filter->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(plan->rel)),
											&TTSOpsVirtual);
	filter->attnum = attnum;
	foreach (cell, conditions)
		filter->states = lappend(filter->states,
								 ExecInitExpr((Expr *) expression_planner(lfirst(cell)), NULL));
	*takes_null = passes(filter, (Datum) 0, true);
	find_examples(plan, filter, base, conditions);
	if (filter->nexamples == 0)
		return NULL;

	*value = *base;
	value->element = base;
	value->filter = filter;
	value->domain = NULL;
	value->make = make_filtered;
	value->from_int = NULL;
	value->nchoices = 0;
	value->encode = NULL;
	return value;
}

static bool
passes(const RowsFilter *filter, Datum datum, bool isnull)
{
	bool result = true;
	ListCell *cell;

	ExecStoreAllNullTuple(filter->slot);
	filter->slot->tts_values[filter->attnum - 1] = datum;
	filter->slot->tts_isnull[filter->attnum - 1] = isnull;
	filter->econtext->ecxt_scantuple = filter->slot;
	foreach (cell, filter->states)
		result = result && ExecCheck(lfirst(cell), filter->econtext);
	ResetExprContext(filter->econtext);
	return result;
}

/* Draw values, and try the constants of the conditions and their neighbours. */
static void
find_examples(RowsPlan *plan, RowsFilter *filter, RowsValue *base, List *conditions)
{
	RowsArena arena;
	Constants constants = {base->type, NIL};
	ListCell *cell;

	rows_init_arena(&arena);
	for (int i = 0; i < SAMPLE && filter->nexamples < MOST_EXAMPLES; i++)
	{
		RowsDraw draw;
		bool isnull;
		Datum datum;

		CHECK_FOR_INTERRUPTS();
		rows_draw_start(&draw, rows_stream(plan->seed, 2 * MaxHeapAttributeNumber, filter->attnum),
						i);
		datum = rows_value(base, &draw, &arena, &isnull);
		if (!isnull && passes(filter, datum, false))
			add_example(filter, base, datum);
		rows_reset_arena(&arena);
	}
	collect_constants((Node *) conditions, &constants);
	foreach (cell, constants.datums)
	{
		Datum datum = *(Datum *) lfirst(cell);
		int64 number;

		if (passes(filter, datum, false))
			add_example(filter, base, datum);
		if (base->from_int == NULL || base->to_int == NULL || !base->to_int(base, datum, &number))
			continue;
		for (int64 near = number - base->unit; near <= number + base->unit; near += 2 * base->unit)
		{
			datum = base->from_int(base, near, &arena);
			if (near >= base->low && near <= base->high && passes(filter, datum, false))
				add_example(filter, base, datum);
		}
	}
}

static void
add_example(RowsFilter *filter, RowsValue *base, Datum datum)
{
	if (filter->nexamples < MOST_EXAMPLES)
		filter->examples[filter->nexamples++] = datumCopy(datum, base->typbyval, base->typlen);
}

static bool
collect_constants(Node *node, void *context)
{
	Constants *constants = context;

	if (node == NULL)
		return false;
	if (IsA(node, Const) && !((Const *) node)->constisnull)
	{
		Const *constant = (Const *) node;

		if (constant->consttype == constants->type)
		{
			Datum *datum = palloc(sizeof(Datum));

			*datum = constant->constvalue;
			constants->datums = lappend(constants->datums, datum);
		}
		else if (get_element_type(constant->consttype) == constants->type)
		{
			ArrayType *array = DatumGetArrayTypeP(constant->constvalue);
			int16 typlen;
			bool typbyval;
			char typalign;
			Datum *datums;
			bool *nulls;
			int ndatums;

			get_typlenbyvalalign(constants->type, &typlen, &typbyval, &typalign);
			deconstruct_array(array, constants->type, typlen, typbyval, typalign, &datums, &nulls,
							  &ndatums);
			for (int i = 0; i < ndatums; i++)
			{
				if (!nulls[i])
					constants->datums = lappend(constants->datums, &datums[i]);
			}
		}
	}
	return expression_tree_walker(node, collect_constants, context);
}

static Datum
make_filtered(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const RowsFilter *filter = value->filter;

	for (int attempt = 0; attempt < ROW_ATTEMPTS; attempt++)
	{
		bool isnull;
		Datum datum = rows_value(value->element, draw, arena, &isnull);

		if (!isnull && passes(filter, datum, false))
			return datum;
	}
	return filter->examples[rows_below(draw, filter->nexamples)];
}
