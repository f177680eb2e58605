/*-------------------------------------------------------------------------
 *
 * ordered_columns.c
 *	  Columns whose values are in order within a row, as their names suggest: created_at
 *	  before updated_at, min_price below max_price.
 *
 * A column follows another one only if nothing else but its type determines its values.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "datatype/timestamp.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/plan/parts.h"
#include "rows/plan/steps.h"
#include "rows/value/hints.h"
#include "rows/value/kinds.h"

/* Between two stages of an order; what is a part of a total; between a least and a most. */
#define DAYS_OF_STAGE	 10
#define DAYS_OF_STAY	 14
#define DAYS_OF_RANGE	 365
#define PERCENT_OF_TOTAL 30
#define PERCENT_OF_MOST	 100

enum
{
	CLASS_OTHER,
	CLASS_NUMBER,
	CLASS_MONEY,
	CLASS_TIME,
	CLASS_TIME_OF_DAY
};

static bool is_plain(const RowsColumn *column);
static void read_role(RowsPlan *plan, int column, RowsColumnRole *role);
static bool is_of_partition(const RowsColumn *column);
static int class_of(const RowsColumn *column);
static int score(RowsPlan *plan, const RowsColumnRole *roles, int column, int candidate);
static void keep_words(RowsPlan *plan);
static void make_room(const RowsColumn *column, RowsColumn *base);
static void open_range(RowsColumn *column);
static void follow(RowsPlan *plan, RowsColumn *column, const RowsColumnRole *role, RowsColumn *base);

void
rows_plan_pairs(RowsPlan *plan)
{
	RowsColumnRole *roles = palloc0(sizeof(RowsColumnRole) * Max(plan->natts, 1));

	for (int i = 0; i < plan->natts; i++)
		read_role(plan, i, &roles[i]);
	for (int i = 0; i < plan->natts; i++)
	{
		int best = -1;
		int most = 0;

		/* options of the column decide */
		if (roles[i].role == ROWS_ROLE_NONE || plan->columns[i].shaped ||
			!is_plain(&plan->columns[i]) ||
			(plan->columns[i].value->distribution != ROWS_UNIFORM &&
			 plan->columns[i].value->distribution != ROWS_RECENT))
			continue;
		for (int j = 0; j < plan->natts; j++)
		{
			int points = j != i && class_of(&plan->columns[i]) == class_of(&plan->columns[j])
							 ? score(plan, roles, i, j)
							 : 0;

			if (points > most)
			{
				most = points;
				best = j;
			}
		}
		if (best >= 0)
			follow(plan, &plan->columns[i], &roles[i], &plan->columns[best]);
	}
	for (int i = 0; i < plan->natts; i++)
		open_range(&plan->columns[i]);
	keep_words(plan);
}

/* A row that is tried again for other columns keeps the looks of those that no CHECK is about. */
static void
keep_words(RowsPlan *plan)
{
	Bitmapset *checked = NULL;
	ListCell *cell;

	foreach (cell, plan->checks)
		checked = bms_add_members(checked, ((RowsCheck *) lfirst(cell))->attributes);
	for (int i = 0; i < plan->natts; i++)
	{
		RowsColumn *column = &plan->columns[i];

		if (column->kind == ROWS_COLUMN_RANDOM && column->value->domain == NULL &&
			!bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, checked))
			column->value->plain = NULL;
	}
}

/*
 * The times of a partition know nothing of the day of the call: what comes after one, and
 * after that, may leave the range that its name suggests, but none that a CHECK demands.
 */
static void
open_range(RowsColumn *column)
{
	const RowsValue *first = column->value;

	if (!is_plain(column) || first->distribution != ROWS_AFTER)
		return;
	while (first->distribution == ROWS_AFTER && first->base != NULL)
		first = first->base;
	column->value->base_opens = first->from_int == NULL && column->bounds.lows == NIL &&
								column->bounds.highs == NIL;
}

/* Are the values numbers or times that are drawn at random? */
static bool
is_plain(const RowsColumn *column)
{
	return column->kind == ROWS_COLUMN_RANDOM && column->value != NULL &&
		   column->value->from_int != NULL && column->value->nchoices == 0 &&
		   column->region_value == NULL;
}

/* A time that is a partition's: others may follow it, and it follows none. */
static bool
is_of_partition(const RowsColumn *column)
{
	return column->kind == ROWS_COLUMN_RANDOM && column->region_value != NULL &&
		   column->value == column->region_value && column->value->typbyval;
}

/* Columns of one class can be compared: numbers, money, times, times of the day. */
static int
class_of(const RowsColumn *column)
{
	switch (is_plain(column) || is_of_partition(column) ? column->value->type : InvalidOid)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return CLASS_NUMBER;
		case CASHOID:
			return CLASS_MONEY;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return CLASS_TIME;
		case TIMEOID:
			return CLASS_TIME_OF_DAY;
		default:
			return CLASS_OTHER;
	}
}

static void
read_role(RowsPlan *plan, int column, RowsColumnRole *role)
{
	const char *name = NameStr(TupleDescAttr(RelationGetDescr(plan->rel), column)->attname);

	switch (class_of(&plan->columns[column]))
	{
		case CLASS_NUMBER:
		case CLASS_MONEY:
			rows_number_role(name, role);
			break;
		case CLASS_TIME:
			rows_time_role(name, role);
			break;
		case CLASS_TIME_OF_DAY:
			/* no order but that of a start and an end */
			rows_time_role(name, role);
			if (role->role == ROWS_ROLE_STAGE)
				role->role = ROWS_ROLE_NONE;
			break;
		default:
			break;
	}
}

/*
 * How well one column may come after another one: 0 for not at all.  A start comes after
 * nothing, and a stage only after lower ones and columns before it: there is no circle.
 */
static int
score(RowsPlan *plan, const RowsColumnRole *roles, int column, int candidate)
{
	const RowsColumnRole *own = &roles[column];
	const RowsColumnRole *other = &roles[candidate];
	bool same_stem = strcmp(own->stem, other->stem) == 0;
	int likeness = (same_stem ? 4 : 0) + (own->stage == other->stage ? 2 : 0) +
				   (plan->columns[column].value->type == plan->columns[candidate].value->type);

	switch (own->role)
	{
		case ROWS_ROLE_STAGE:
			if (other->role != ROWS_ROLE_STAGE || other->stage == ROWS_STAGE_DUE ||
				other->stage > own->stage || (other->stage == own->stage && candidate > column) ||
				/* a row is made long after a birth, whoever is born */
				(other->stage < ROWS_STAGE_CREATED && own->stage >= ROWS_STAGE_CREATED))
				return 0;
			return 1 + other->stage * MaxHeapAttributeNumber + candidate;
		case ROWS_ROLE_END:
			/* the start of the same thing, or what begins without a name, or when the row was made */
			if (other->role == ROWS_ROLE_START)
				return same_stem || other->stem[0] == '\0' || own->stem[0] == '\0' ? 2 + likeness : 0;
			return other->role == ROWS_ROLE_STAGE && other->stage == ROWS_STAGE_CREATED ? 1 : 0;
		case ROWS_ROLE_TOTAL:
			if (other->role != ROWS_ROLE_SUBTOTAL)
				return 0;
			return same_stem || (strcmp(other->stem, ROWS_STEM_COST) != 0 &&
								 strcmp(own->stem, ROWS_STEM_COST) != 0)
					   ? 1 + likeness
					   : 0;
		default:
			return 0;
	}
}

/* What a CHECK demands of the later column, the earlier one must leave room for. */
static void
make_room(const RowsColumn *column, RowsColumn *base)
{
	RowsValue *value = base->value;
	int64 most;

	if (column->bounds.highs == NIL || !is_plain(base) || base->shaped ||
		base->bounds.lows != NIL || base->bounds.highs != NIL ||
		pg_mul_s64_overflow(column->value->high, column->value->base_divisor, &most))
		return;
	most /= column->value->base_multiplier;
	if (most < value->low || most >= value->high)
		return;
	value->high = most;
	value->steps = (uint64) (most - value->low) / value->unit + 1;
}

static void
follow(RowsPlan *plan, RowsColumn *column, const RowsColumnRole *role, RowsColumn *base)
{
	const char *name = NameStr(TupleDescAttr(RelationGetDescr(plan->rel), base->attnum - 1)->attname);
	int64 day = column->value->type == DATEOID ? 1 : USECS_PER_DAY;

	if (!rows_follow(column->value, base->value, plan->seed, base->attnum))
		return;
	make_room(column, base);
	column->value->detail = psprintf("after \"%s\"", name);
	if (role->role == ROWS_ROLE_STAGE && role->stage > ROWS_STAGE_CREATED &&
		role->stage < ROWS_STAGE_LASTS && role->stage != ROWS_STAGE_DUE)
		column->value->base_span = DAYS_OF_STAGE * day;
	else if (role->role == ROWS_ROLE_STAGE && role->stage == ROWS_STAGE_DUE)
		column->value->base_span = 60 * day;
	else if (role->role == ROWS_ROLE_TOTAL)
		column->value->base_percent = PERCENT_OF_TOTAL;
	else if (role->role == ROWS_ROLE_END && class_of(column) < CLASS_TIME)
		column->value->base_percent = PERCENT_OF_MOST;
	else if (role->role == ROWS_ROLE_END && class_of(column) == CLASS_TIME)
		column->value->base_span = (strcmp(role->stem, "check") == 0 ? DAYS_OF_STAY : DAYS_OF_RANGE) *
								   day;
}
