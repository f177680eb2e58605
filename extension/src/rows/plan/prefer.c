/*-------------------------------------------------------------------------
 *
 * prefer.c
 *	  Chooses the generator of a column by what its conditions accept: patterns, other
 *	  alphabets, multiples, or values found beforehand.
 *
 * A search for each row would find such values, too, but takes longer; and what is
 * unique has to be counted.  Only conditions of one column, and of PostgreSQL's own
 * functions, are evaluated here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/genam.h"
#include "access/sysattr.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "rows/plan/moves.h"
#include "rows/plan/steps.h"
#include "rows/plan/trial.h"
#include "rows/value/hash.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

/* Values that show how much of what a generator makes is accepted. */
#define SAMPLES	 16
#define ENOUGH	 15
#define HOPELESS 5 /* none of so many */

/* Values found beforehand, and how many are tried for them: for few, and for all. */
#define POOL_SIZE	256
#define POOL_DRAWS	2000
#define SMALL_POOL	32
#define SMALL_DRAWS 500
#define LEAST_POOL	8
#define RARE_DRAWS	8000 /* where few are accepted, but some */

/* Patterns of strings that are tried. */
#define MOST_PATTERNS 40

/* Strings whose form is tried to count by. */
#define MOST_EXAMPLES 12

/* The stream of samples: no column has this number. */
#define SAMPLE_STREAM (MaxHeapAttributeNumber + 4100)

typedef struct Choosing
{
	RowsPlan *plan;
	RowsColumn *column;
	Form_pg_attribute attribute;
	EState *estate;
	RowsTrial *trial;
	List *states; /* of ExprState: the conditions of the column alone */
	RowsMention *mention;
	bool counted; /* is the column unique? */
	Datum *values;
	bool *isnull;
	RowsArena *arena;
} Choosing;

static void choose(Choosing *choosing);
static bool start_choosing(Choosing *choosing);
static List *bounds_of(Choosing *choosing);
static void try_bounds(Choosing *choosing);
static void follow_pattern(Choosing *choosing);
static RowsValue *make_plain(Choosing *choosing, RowsBounds *bounds);
static bool is_unique(RowsPlan *plan, RowsColumn *column);
static RowsValue *learn_form(Choosing *choosing, List *generators);
static bool lasts_longer(Choosing *choosing, const RowsValue *value, const RowsValue *other);
static bool accepts(void *context, Datum value);
static int count_accepted(Choosing *choosing, const RowsValue *value);
static List *alternatives(Choosing *choosing);
static void add_texts(Choosing *choosing, List **list);
static int draws_for(int n);
static RowsValue *pool_of(Choosing *choosing, List *generators);

void
rows_prefer_values(RowsPlan *plan)
{
	Choosing choosing = {.plan = plan};

	for (int i = 0; i < plan->natts; i++)
	{
		choosing.column = &plan->columns[i];
		choosing.attribute = TupleDescAttr(RelationGetDescr(plan->rel), i);
		choosing.states = NIL;
		if (choosing.column->kind == ROWS_COLUMN_RANDOM && !choosing.column->shaped &&
			!choosing.column->planned && choosing.column->region_value == NULL &&
			choosing.column->value->nchoices == 0 && start_choosing(&choosing))
		{
			choose(&choosing);
			rows_end_trial(choosing.trial);
		}
	}
	if (choosing.estate == NULL)
		return;
	ExecDropSingleTupleTableSlot(choosing.trial->slot);
	FreeExecutorState(choosing.estate);
}

/* Prepare the conditions of the column; false if there are none. */
static bool
start_choosing(Choosing *choosing)
{
	RowsPlan *plan = choosing->plan;
	List *conditions = NIL;
	ListCell *cell;
	int member;

	foreach (cell, plan->checks)
	{
		RowsCheck *check = lfirst(cell);

		if (bms_get_singleton_member(check->attributes, &member) &&
			member == choosing->column->attnum - FirstLowInvalidHeapAttributeNumber &&
			rows_is_built_in((Node *) check->expr))
			conditions = lappend(conditions, check->expr);
	}
	if (conditions == NIL)
	{
		follow_pattern(choosing);
		return false;
	}
	/* what another generator makes need not lie within the bounds */
	conditions = list_concat(conditions, bounds_of(choosing));
	if (choosing->estate == NULL)
	{
		choosing->estate = CreateExecutorState();
		choosing->trial = rows_make_trial(plan, choosing->estate);
		choosing->values = palloc0(sizeof(Datum) * plan->natts);
		choosing->isnull = palloc(sizeof(bool) * plan->natts);
		choosing->arena = palloc(sizeof(RowsArena));
		rows_init_arena(choosing->arena);
	}
	memset(choosing->isnull, true, sizeof(bool) * plan->natts);
	foreach (cell, conditions)
		choosing->states = lappend(choosing->states, ExecPrepareExpr(lfirst(cell), choosing->estate));
	choosing->mention = rows_read_mention((Node *) conditions);
	choosing->mention->min_length = choosing->column->bounds.min_length;
	choosing->mention->max_length = choosing->column->bounds.max_length;
	choosing->counted = is_unique(plan, choosing->column);
	rows_catch_in_trial(choosing->trial, true);
	return true;
}

/* The conditions that the bounds of the column imply. */
static List *
bounds_of(Choosing *choosing)
{
	List *conditions = NIL;
	ListCell *cell;
	int member;

	foreach (cell, choosing->plan->bounding_checks)
	{
		RowsCheck *check = lfirst(cell);

		if (bms_get_singleton_member(check->attributes, &member) &&
			member == choosing->column->attnum - FirstLowInvalidHeapAttributeNumber &&
			!list_member_ptr(choosing->plan->checks, check) && rows_is_built_in((Node *) check->expr))
			conditions = lappend(conditions, check->expr);
	}
	return conditions;
}

/* Bounds that the column's own generator obeys, and the chosen one need not: try each row. */
static void
try_bounds(Choosing *choosing)
{
	RowsPlan *plan = choosing->plan;
	ListCell *cell;
	int member;

	foreach (cell, plan->bounding_checks)
	{
		RowsCheck *check = lfirst(cell);

		if (bms_get_singleton_member(check->attributes, &member) &&
			member == choosing->column->attnum - FirstLowInvalidHeapAttributeNumber)
			plan->checks = list_append_unique_ptr(plan->checks, check);
	}
}

/* A pattern whose operator is not PostgreSQL's own, as citext's: it is followed untried. */
static void
follow_pattern(Choosing *choosing)
{
	RowsColumn *column = choosing->column;
	RowsValue *value;
	RowsBounds room = column->bounds;
	RowsPatternBound *pattern;

	if (column->bounds.patterns == NIL)
	{
		if (column->value->is_text && is_unique(choosing->plan, column))
		{
			value = rows_pattern_beside(choosing->plan, column);
			if (value != NULL)
			{
				value->null_fraction = column->value->null_fraction;
				column->value = value;
			}
		}
		return;
	}
	pattern = linitial(column->bounds.patterns);
	room.lows = room.highs = room.choices = NIL;
	value = make_plain(choosing, &room);
	if (value == NULL || !rows_init_regex(value, pattern->text, pattern->kind, &room))
		return;
	value->null_fraction = column->value->null_fraction;
	column->value = value;
}

/* Of the column's base type: the conditions of its domain are among those of the column already. */
static RowsValue *
make_plain(Choosing *choosing, RowsBounds *bounds)
{
	int32 typmod = choosing->attribute->atttypmod;
	Oid type = getBaseTypeAndTypmod(choosing->attribute->atttypid, &typmod);

	return rows_make_value(type, typmod, bounds, NULL);
}

/* Is the column generated from the other one alone? */
static bool
is_computed_from(RowsPlan *plan, AttrNumber attnum, RowsColumn *column)
{
	Bitmapset *attributes = NULL;
	int member;

	if (TupleDescAttr(RelationGetDescr(plan->rel), attnum - 1)->attgenerated == '\0')
		return false;
	pull_varattnos(build_column_default(plan->rel, attnum), 1, &attributes);
	return bms_get_singleton_member(attributes, &member) &&
		   member == column->attnum - FirstLowInvalidHeapAttributeNumber;
}

static bool
is_unique(RowsPlan *plan, RowsColumn *column)
{
	List *indexes = RelationGetIndexList(plan->rel);
	Bitmapset *expressions = NULL;
	bool found = false;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);
		Form_pg_index form = index->rd_index;

		for (int i = 0; i < form->indnkeyatts && (form->indisunique || form->indisexclusion); i++)
		{
			AttrNumber attnum = form->indkey.values[i];

			found |= attnum == column->attnum ||
					 (attnum > 0 && is_computed_from(plan, attnum, column));
		}
		if (form->indisunique)
			pull_varattnos((Node *) RelationGetIndexExpressions(index), 1, &expressions);
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return found || bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, expressions);
}

static void
choose(Choosing *choosing)
{
	RowsColumn *column = choosing->column;
	int most = count_accepted(choosing, column->value);
	RowsValue *best = NULL;
	List *generators;
	ListCell *cell;

	column->suits = (most == SAMPLES);
	if (most >= ENOUGH)
		return;
	generators = alternatives(choosing);
	foreach (cell, generators)
	{
		int n = count_accepted(choosing, lfirst(cell));

		if (n > most || (best != NULL && n == most && lasts_longer(choosing, lfirst(cell), best)))
		{
			most = n;
			best = lfirst(cell);
		}
		if (n >= ENOUGH && (!choosing->counted || best->capacity >= ROWS_ENOUGH_STRINGS))
			break;
	}
	if (most < ENOUGH && choosing->counted &&
		(column->value->is_text || column->value->type == BPCHAROID))
	{
		RowsValue *learned = learn_form(choosing, generators);

		if (learned != NULL)
		{
			best = learned;
			most = count_accepted(choosing, learned);
		}
	}
	/* numbers that are found are not as evenly distributed as those of a range */
	if (most < (column->value->from_int == NULL ? SAMPLES / 2 : 1) && !choosing->counted)
	{
		RowsValue *pool;

		generators = list_concat(generators, rows_candidates(choosing->attribute->atttypid,
															 choosing->attribute->atttypmod,
															 choosing->mention));
		pool = pool_of(choosing, generators);
		if (pool != NULL)
			best = pool;
	}
	if (best == NULL)
		return;
	/* of numbers, the alternatives are multiples within the bounds */
	if (best->from_int == NULL && best->nchoices == 0)
		try_bounds(choosing);
	column->suits = (most == SAMPLES);
	best->null_fraction = column->value->null_fraction;
	column->value = best;
}

/* A form that some string has which the conditions accept; NULL: none is found. */
static RowsValue *
learn_form(Choosing *choosing, List *generators)
{
	RowsValue *best = NULL;
	int nexamples = 0;
	RowsDraw draw;

	generators = list_concat_copy(generators, rows_candidates(choosing->attribute->atttypid,
															  choosing->attribute->atttypmod,
															  choosing->mention));
	rows_draw_start(&draw, rows_stream(0, SAMPLE_STREAM, 2), 0);
	for (int i = 0; i < POOL_DRAWS && nexamples < MOST_EXAMPLES && generators != NIL; i++)
	{
		RowsValue *value;
		Datum datum;
		char *example;

		CHECK_FOR_INTERRUPTS();
		rows_reset_arena(choosing->arena);
		if (!rows_make_in_trial(choosing->trial, list_nth(generators, i % list_length(generators)),
								&draw, choosing->arena, &datum))
			continue;
		example = rows_example_of(TextDatumGetCString(datum), accepts, choosing);
		if (example == NULL)
			continue;
		nexamples++;
		value = rows_form_of_example(choosing->column->value, example, accepts, choosing);
		if (value != NULL && (best == NULL || value->capacity > best->capacity) &&
			count_accepted(choosing, value) == SAMPLES)
			best = value;
	}
	return best;
}

/* Has a generator more values, where the other one has few for a unique column? */
static bool
lasts_longer(Choosing *choosing, const RowsValue *value, const RowsValue *other)
{
	return choosing->counted && other->capacity < ROWS_ENOUGH_STRINGS &&
		   value->capacity > other->capacity;
}

static bool
accepts(void *context, Datum value)
{
	Choosing *choosing = context;

	int i = choosing->column->attnum - 1;
	ListCell *cell;

	CHECK_FOR_INTERRUPTS();
	choosing->values[i] = value;
	choosing->isnull[i] = false;
	rows_set_trial(choosing->trial, choosing->values, choosing->isnull);
	foreach (cell, choosing->states)
	{
		if (!rows_passes(choosing->trial, lfirst(cell)))
			return false;
	}
	return true;
}

/* How many of some values of a generator do the conditions accept? */
static int
count_accepted(Choosing *choosing, const RowsValue *value)
{
	int accepted = 0;

	if (choosing->counted && (value->encode == NULL || value->capacity == 0))
		return 0;
	for (int i = 0; i < SAMPLES && (accepted > 0 || i < HOPELESS); i++)
	{
		RowsDraw draw;

		/* of different lengths of the number, too */
		rows_draw_start(&draw, rows_stream(0, SAMPLE_STREAM, 0), i);
		if (accepts(choosing, choosing->counted
								  ? value->encode(value, (uint64) i * i * i * 17 % value->capacity,
												  &draw, choosing->arena)
								  : value->make(value, &draw, choosing->arena)))
			accepted++;
	}
	return accepted;
}

/* Other generators for the column, the most likely first. */
static List *
alternatives(Choosing *choosing)
{
	List *list = NIL;
	RowsValue *value = choosing->column->value;

	if (value->is_text || value->type == BPCHAROID)
		add_texts(choosing, &list);
	else if (choosing->counted)
		list = rows_other_counts(value, choosing->mention);
	return list;
}

/* Texts of the column's patterns, and of other alphabets. */
static void
add_texts(Choosing *choosing, List **list)
{
	static const char *const forms[] = {"[a-z]{%d}", "[A-Z]{%d}", "[0-9]{%d}", "[1-9][0-9]{%d}",
										"[A-Z][a-z]{%d}"};
	RowsBounds *bounds = &choosing->column->bounds;
	List *patterns;
	List *lengths = list_concat_copy(choosing->mention->numbers, list_make2_int(8, 1));
	ListCell *cell;

	patterns = list_copy_head(bounds->patterns, MOST_PATTERNS);
	foreach (cell, lengths)
	{
		int length = lfirst_int(cell);

		if (length < 1 || length > 200 || list_length(patterns) > MOST_PATTERNS ||
			(bounds->max_length >= 0 && length > bounds->max_length))
			continue;
		length = Max(length, bounds->min_length);
		for (int i = 0; i < lengthof(forms); i++)
		{
			RowsPatternBound *pattern = palloc0(sizeof(RowsPatternBound));

			pattern->text = psprintf(forms[i], length);
			patterns = lappend(patterns, pattern);
		}
	}
	foreach (cell, patterns)
	{
		RowsPatternBound *pattern = lfirst(cell);
		RowsBounds room = *bounds;
		RowsValue *value;

		room.lows = room.highs = room.choices = NIL;
		value = make_plain(choosing, &room);
		if (value != NULL && rows_init_regex(value, pattern->text, pattern->kind, &room))
			*list = lappend(*list, value);
	}
}

/* How many values are tried, if so many of them are accepted. */
static int
draws_for(int n)
{
	if (n > 0 && n < LEAST_POOL)
		return RARE_DRAWS;
	return n < SMALL_POOL ? POOL_DRAWS : SMALL_DRAWS;
}

/* A list of values that the conditions accept; NULL if too few are found. */
static RowsValue *
pool_of(Choosing *choosing, List *generators)
{
	RowsValue *like = choosing->column->value;
	Datum *pool = palloc(sizeof(Datum) * POOL_SIZE);
	uint32 *hashes = palloc(sizeof(uint32) * POOL_SIZE);
	int n = 0;
	int nfound = 0;
	RowsDraw draw;
	RowsValue *value;

	rows_draw_start(&draw, rows_stream(0, SAMPLE_STREAM, 1), 0);
	for (int i = 0; i < draws_for(n) && n < POOL_SIZE && generators != NIL; i++)
	{
		RowsValue *generator = list_nth(generators, i % list_length(generators));
		Datum datum;
		bool again = false;
		uint32 hash;

		CHECK_FOR_INTERRUPTS();
		rows_reset_arena(choosing->arena);
		if (!rows_make_in_trial(choosing->trial, generator, &draw, choosing->arena, &datum) ||
			!accepts(choosing, datum))
			continue;
		nfound++;
		hash = rows_hash_image(datum, like->typbyval, like->typlen);
		for (int j = 0; j < n && !again; j++)
			again = hashes[j] == hash;
		if (again)
			continue;
		pool[n] = datumCopy(datum, like->typbyval, like->typlen);
		hashes[n++] = hash;
	}
	/* few, found again and again, are all that there are */
	if (n < LEAST_POOL && (n == 0 || nfound < LEAST_POOL * n))
		return NULL;
	value = rows_make_choice_value(like->type, pool, n);
	value->typmod = like->typmod;
	value->name = "found";
	value->detail = psprintf("one of %d values that its conditions accept", n);
	return value;
}
