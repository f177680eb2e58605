/*-------------------------------------------------------------------------
 *
 * candidate.c
 *	  Values that a condition may accept: its constants, their neighbours, and what
 *	  lies between them.
 *
 * A candidate is only a guess; the condition itself decides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/random.h"
#include "rows/value/arena.h"
#include "rows/value/candidate.h"
#include "rows/value/kinds.h"
#include "rows/value/regex.h"
#include "rows/value/type.h"

/* Numbers near those that a condition mentions. */
typedef struct NearValue
{
	RowsValue value;
	int n;
	int64 *numbers; /* ascending */
	int64 span;		/* how far to look beyond them */
} NearValue;

/* Numbers whose digits follow a pattern. */
typedef struct PatternNumber
{
	RowsValue value;
	RowsValue *text;
} PatternNumber;

/* ... and how many digits they have at most. */
#define LONGEST_NUMBER 12

/* Numbers of a condition that are multiplied with each other. */
#define MOST_FACTORS 6

#define MOST_YEARS 2000

static const char *name_of(Oid type);
static List *digits_of_patterns(const RowsValue *like, const RowsMention *mention);
static Datum make_pattern_number(const RowsValue *value, RowsDraw *draw, RowsArena *arena);
static List *same_type(Oid type, int32 typmod, const RowsMention *mention);
static RowsValue *make_near_value(const RowsValue *like, const RowsMention *mention);
static void add_times(NearValue *near, const RowsMention *mention);
static void add_products(NearValue *near, const RowsMention *mention);
static void add_durations(NearValue *near, const RowsMention *mention);
static void add_number(NearValue *near, int64 number);
static Datum make_near(const RowsValue *value, RowsDraw *draw, RowsArena *arena);

/* A list of RowsValue: generators of what the condition may accept in a column of a type. */
List *
rows_candidates(Oid type, int32 typmod, const RowsMention *mention)
{
	RowsBounds bounds;
	RowsValue *like;
	List *result;

	type = getBaseTypeAndTypmod(type, &typmod);
	result = same_type(type, typmod, mention);
	rows_init_bounds(&bounds);
	like = rows_make_value(type, typmod, &bounds, NULL);
	if (like == NULL)
		return result;
	if (like->from_int != NULL && type != BOOLOID)
	{
		result = lappend(result, make_near_value(like, mention));
		result = list_concat(result, digits_of_patterns(like, mention));
	}
	else if (like->is_text || type == BPCHAROID || type == NAMEOID || type == BYTEAOID)
		result = list_concat(result, rows_text_candidates(like, mention));
	else if (type == JSONBOID || type == JSONOID)
		result = list_concat(result, rows_json_candidates(like, mention));
	else if (type == UUIDOID)
		result = list_concat(result, rows_uuid_candidates(like, mention));
	else if (type == BITOID || type == VARBITOID)
		result = list_concat(result, rows_bit_candidates(like, mention));
	else if (type == INETOID || type == CIDROID)
		result = list_concat(result, rows_network_candidates(like, mention));
	else if (type_is_array(type))
		result = list_concat(result, rows_array_candidates(like, mention));
	else if (type_is_range(type))
		result = list_concat(result, rows_range_candidates(like, mention));
	else if (like->tupdesc != NULL)
		result = list_concat(result, rows_row_candidates(like, mention));
	else
		result = list_concat(result, rows_form_candidates(like, name_of(type), mention));
	return result;
}

static const char *
name_of(Oid type)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	char *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	name = pstrdup(NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname));
	ReleaseSysCache(tuple);
	return name;
}

/* n::text ~ '^1' */
static List *
digits_of_patterns(const RowsValue *like, const RowsMention *mention)
{
	List *result = NIL;
	ListCell *cell;

	foreach (cell, mention->patterns)
	{
		RowsPatternBound *pattern = lfirst(cell);
		PatternNumber *number = palloc0(sizeof(PatternNumber));
		RowsBounds none;

		rows_init_bounds(&none);
		none.max_length = LONGEST_NUMBER;
		number->text = rows_make_value(TEXTOID, -1, &none, NULL);
		if (!rows_init_regex(number->text, pattern->text, pattern->kind, &none))
			continue;
		number->value = *like;
		number->value.make = make_pattern_number;
		result = lappend(result, number);
	}
	return result;
}

static Datum
make_pattern_number(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const RowsValue *form = ((const PatternNumber *) value)->text;
	char *digits = TextDatumGetCString(form->make(form, draw, arena));
	int64 number = strtoll(digits, NULL, 10);

	pfree(digits);
	for (int i = 0; i < value->scale; i++)
		number *= 10;
	return value->from_int(value, rows_clamp(value, number), arena);
}

/* The constants that are of the type already. */
static List *
same_type(Oid type, int32 typmod, const RowsMention *mention)
{
	Datum *choices = palloc(sizeof(Datum) * Max(list_length(mention->constants), 1));
	int n = 0;
	ListCell *cell;
	RowsValue *value;

	if (typmod >= 0)
		return NIL; /* its length or precision may not suit */
	foreach (cell, mention->constants)
	{
		Const *constant = lfirst(cell);

		if (constant->consttype == type)
			choices[n++] = constant->constvalue;
	}
	if (n == 0)
		return NIL;
	value = rows_make_choice_value(type, choices, n);
	value->name = "constants";
	return list_make1(value);
}

static RowsValue *
make_near_value(const RowsValue *like, const RowsMention *mention)
{
	NearValue *near = palloc0(sizeof(NearValue));
	int room = 4 * (list_length(mention->constants) + list_length(mention->numbers)) + 8 +
			   MOST_FACTORS * MOST_FACTORS;
	ListCell *cell;

	near->value = *like;
	near->value.make = make_near;
	near->numbers = palloc(sizeof(int64) * room);
	foreach (cell, mention->constants)
	{
		int64 number;
		bool exact;

		if (rows_number_from_const(like, lfirst(cell), true, &number, &exact))
			add_number(near, number);
	}
	switch (like->type)
	{
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			add_times(near, mention);
			near->span = 365 * (like->type == DATEOID ? 1 : USECS_PER_DAY);
			break;
		case TIMEOID:
		case TIMETZOID:
		case INTERVALOID:
			add_durations(near, mention);
			near->span = USECS_PER_DAY;
			break;
		default:
			add_number(near, 0);
			add_products(near, mention);
			near->span = 10;
			for (int i = 0; i < like->scale; i++)
				near->span *= 10;
			break;
	}
	if (near->n == 0)
		add_number(near, like->low);
	return &near->value;
}

/* From today, either way: some thousand years at most, so that the time can be computed. */
static bool
leads_to_time(const Interval *interval)
{
	return interval->month > -MOST_YEARS * MONTHS_PER_YEAR &&
		   interval->month < MOST_YEARS * MONTHS_PER_YEAR && interval->day > -MOST_YEARS * 365 &&
		   interval->day < MOST_YEARS * 365 && interval->time > -MOST_YEARS * 365 * USECS_PER_DAY &&
		   interval->time < MOST_YEARS * 365 * USECS_PER_DAY;
}

/* Years, and times that an interval leads to from today. */
static void
add_times(NearValue *near, const RowsMention *mention)
{
	int64 day = near->value.type == DATEOID ? 1 : USECS_PER_DAY;
	Timestamp now = GetCurrentTransactionStartTimestamp();
	ListCell *cell;

	foreach (cell, mention->constants)
	{
		Const *constant = lfirst(cell);
		PGFunction moves[] = {timestamp_mi_interval, timestamp_pl_interval};

		if (constant->consttype != INTERVALOID ||
			!leads_to_time(DatumGetIntervalP(constant->constvalue)))
			continue;
		for (int i = 0; i < lengthof(moves); i++)
		{
			Timestamp moved = DatumGetTimestamp(
				DirectFunctionCall2(moves[i], TimestampGetDatum(now), constant->constvalue));

			add_number(near, day == 1 ? moved / USECS_PER_DAY : moved);
		}
	}
	foreach (cell, mention->numbers)
	{
		int year = lfirst_int(cell);

		if (year < 1000 || year > 3000)
			continue;
		for (int i = 0; i < 2; i++)
			add_number(near, (date2j(year + i, 1, 1) - POSTGRES_EPOCH_JDATE) * day);
	}
}

/* a / 100 = 4; length(a::text) = 5 */
static void
add_products(NearValue *near, const RowsMention *mention)
{
	int n = Min(list_length(mention->numbers), MOST_FACTORS);
	int64 scale = 1;

	for (int i = 0; i < near->value.scale; i++)
		scale *= 10;
	for (int i = 0; i < n; i++)
	{
		int factor = list_nth_int(mention->numbers, i);
		int64 power = scale;

		for (int j = 0; j < i; j++)
		{
			int64 product;

			if (!pg_mul_s64_overflow((int64) factor * list_nth_int(mention->numbers, j), scale,
									 &product))
				add_number(near, product);
		}
		if (!mention->counts_digits || factor < 1 || factor > 18)
			continue;
		for (int digit = 1; digit < factor; digit++)
		{
			if (pg_mul_s64_overflow(power, 10, &power))
				break;
		}
		add_number(near, power);
		if (!pg_mul_s64_overflow(power, 10, &power))
			add_number(near, power - near->value.unit);
	}
}

/* Seconds, minutes, hours. */
static void
add_durations(NearValue *near, const RowsMention *mention)
{
	static const int64 units[] = {USECS_PER_SEC, USECS_PER_MINUTE, USECS_PER_HOUR};
	ListCell *cell;

	foreach (cell, mention->numbers)
	{
		for (int i = 0; i < lengthof(units); i++)
			add_number(near, lfirst_int(cell) * units[i]);
	}
}

static void
add_number(NearValue *near, int64 number)
{
	int i = near->n;

	number = rows_clamp(&near->value, number);
	for (int j = 0; j < near->n; j++)
	{
		if (near->numbers[j] == number)
			return;
	}
	for (; i > 0 && near->numbers[i - 1] > number; i--)
		near->numbers[i] = near->numbers[i - 1];
	near->numbers[i] = number;
	near->n++;
}

/* A string in double quotes, as JSON and hstore read it. */
void
rows_append_quoted(StringInfo out, const char *string)
{
	appendStringInfoChar(out, '"');
	for (; *string != '\0'; string++)
	{
		if ((unsigned char) *string < ' ')
			continue; /* only a candidate */
		if (*string == '"' || *string == '\\')
			appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, *string);
	}
	appendStringInfoChar(out, '"');
}

/* The nearest number that the type can take. */
int64
rows_clamp(const RowsValue *value, int64 number)
{
	int64 least = rows_least_number(value);
	int64 most = Max(value->high, value->unique_high);

	number = Min(Max(number, least), most);
	if (value->unit > 1)
		number -= number % value->unit;
	return number;
}

static Datum
make_near(const RowsValue *value, RowsDraw *draw, RowsArena *arena)
{
	const NearValue *near = (const NearValue *) value;
	int i = (int) rows_below(draw, near->n);
	int64 number = near->numbers[i];
	int64 low;
	int64 high;

	switch (rows_below(draw, 4))
	{
		case 0:
			break;
		case 1:
			number += (rows_draw(draw) & 1) ? value->unit : -value->unit;
			break;
		default:
			/* up to the next constant, or as far beyond the last and the first */
			low = number;
			high = (i + 1 < near->n) ? near->numbers[i + 1] : low + near->span;
			if (i == 0 && (rows_draw(draw) & 1))
			{
				high = low;
				low -= near->span;
			}
			number = low + (int64) rows_below(draw, (uint64) (high - low) + 1);
			break;
	}
	return value->from_int(value, rows_clamp(value, number), arena);
}
