/*-------------------------------------------------------------------------
 *
 * prefer_count.c
 *	  Other ways to count the values of a unique column: in multiples, in hours, from
 *	  another start, ranges of other lengths, uuids of another version.
 *
 * Which of them the conditions of the column accept, prefer_sampling.c finds out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/socket.h>

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "nodes/primnodes.h"
#include "port/pg_bswap.h"
#include "utils/inet.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "rows/plan/steps.h"
#include "rows/value/kinds.h"

#define MINUTE (60 * USECS_PER_SEC)

/* Ends of ranges that a condition names and that counting may start from. */
#define MOST_STARTS 4

/* Numbers that it names and that may be units, masks or rests of each other: each is tried. */
#define MOST_UNITS 24

static void add_multiples(const RowsValue *like, const RowsMention *mention, List **list);
static void add_times(const RowsValue *like, List **list);
static void add_multiple(const RowsValue *like, int64 unit, int64 rest, List **list);
static void add_versions(const RowsValue *like, List **list);
static void add_networks(const RowsValue *like, const RowsMention *mention, List **list);
static void add_documents(const RowsValue *like, const RowsMention *mention, List **list);
static void add_ranges(const RowsValue *like, const RowsMention *mention, List **list);
static List *starts_of(const RowsValue *element, const RowsMention *mention);
static List *lengths_of(const RowsValue *element, const RowsMention *mention);

/* A list of RowsValue. */
List *
rows_other_counts(const RowsValue *like, const RowsMention *mention)
{
	List *list = NIL;

	if (like->from_int != NULL)
	{
		add_multiples(like, mention, &list);
		add_times(like, &list);
	}
	else if (like->type == UUIDOID)
		add_versions(like, &list);
	else if (like->type == JSONBOID && mention->paths != NIL)
		add_documents(like, mention, &list);
	else if (like->network_bits > 0)
		add_networks(like, mention, &list);
	else if (type_is_range(like->type) && like->encode != NULL && like->element->from_int != NULL)
		add_ranges(like, mention, &list);
	return list;
}

/* Multiples of the numbers that the conditions mention, and those plus a rest. */
static void
add_multiples(const RowsValue *like, const RowsMention *mention, List **list)
{
	List *numbers = list_copy_head(mention->numbers, MOST_UNITS);
	List *rests = lcons_int(0, list_copy(numbers));
	int64 scale = 1;
	ListCell *cell;

	for (int i = 0; i < like->scale; i++)
		scale *= 10;
	foreach (cell, numbers)
	{
		ListCell *other;

		foreach (other, rests)
			add_multiple(like, lfirst_int(cell) * scale, lfirst_int(other) * scale, list);
	}
}

/* Whole minutes, hours, days; each weekday */
static void
add_times(const RowsValue *like, List **list)
{
	static const int64 units[] = {USECS_PER_SEC, MINUTE, 15 * MINUTE, USECS_PER_HOUR, USECS_PER_DAY};
	int64 day = like->type == DATEOID ? 1 : USECS_PER_DAY;

	switch (like->type)
	{
		case TIMEOID:
		case INTERVALOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			for (int i = 0; i < lengthof(units); i++)
				add_multiple(like, units[i], 0, list);
			break;
		case DATEOID:
			break;
		default:
			return;
	}
	for (int i = 0; i < 7 && like->type != TIMEOID && like->type != INTERVALOID; i++)
		add_multiple(like, 7 * day, i * day, list);
}

static void
add_multiple(const RowsValue *like, int64 unit, int64 rest, List **list)
{
	RowsValue *value;
	int64 low = like->unique_low;

	if (unit <= 1 || rest >= unit || rest < 0)
		return;
	low += (unit - low % unit) % unit + rest;
	if (low > like->unique_high)
		return;
	value = palloc(sizeof(RowsValue));
	*value = *like;
	value->unique_low = low;
	value->unique_unit = unit;
	value->capacity = (uint64) (value->unique_high - low) / unit + 1;
	*list = lappend(*list, value);
}

/* A uuid of another version than those that are counted usually. */
static void
add_versions(const RowsValue *like, List **list)
{
	static const int versions[] = {4, 7, 1, 6, 5, 3, 2};

	for (int i = 0; i < lengthof(versions); i++)
	{
		RowsValue *value = palloc(sizeof(RowsValue));

		*value = *like;
		value->uuid_version = versions[i];
		*list = lappend(*list, value);
	}
}

/* Networks of the masks that the conditions mention, within the networks that they name. */
static void
add_networks(const RowsValue *like, const RowsMention *mention, List **list)
{
	List *lengths = list_concat_copy(list_make2_int(32, 24),
									 list_copy_head(mention->numbers, MOST_UNITS));
	ListCell *cell;

	foreach (cell, lengths)
	{
		int bits = lfirst_int(cell);
		ListCell *other;
		RowsValue *value;

		if (bits < 1 || bits > 32)
			continue;
		value = palloc(sizeof(RowsValue));
		*value = *like;
		value->network_bits = bits;
		value->capacity = UINT64CONST(1) << bits;
		*list = lappend(*list, value);
		foreach (other, mention->constants)
		{
			Const *constant = lfirst(other);
			RowsValue *within;
			inet *network;
			uint32 address;

			if (foreach_current_index(other) >= MOST_UNITS)
				break;
			if (constant->consttype != INETOID && constant->consttype != CIDROID)
				continue;
			network = DatumGetInetPP(constant->constvalue);
			if (ip_family(network) != PGSQL_AF_INET || ip_bits(network) > bits)
				continue;
			memcpy(&address, ip_addr(network), sizeof(address));
			within = palloc(sizeof(RowsValue));
			*within = *value;
			within->network = pg_ntoh32(address);
			within->capacity = UINT64CONST(1) << (bits - ip_bits(network));
			*list = lappend(*list, within);
		}
	}
}

/* Documents of one member that the conditions name, with letters or digits that count. */
static void
add_documents(const RowsValue *like, const RowsMention *mention, List **list)
{
	static const char *const leaves[] = {"\"????????\"", "1########"};
	ListCell *cell;

	foreach (cell, mention->paths)
	{
		List *path = lfirst(cell);

		for (int i = 0; i < lengthof(leaves); i++)
		{
			char *form = pstrdup(leaves[i]);
			RowsValue *value = palloc(sizeof(RowsValue));

			for (int j = list_length(path) - 1; j >= 0; j--)
			{
				const char *key = list_nth(path, j);

				if (strpbrk(key, "#?[]\\\"") != NULL)
					form = psprintf("[%s]", form);
				else
					form = psprintf("{\"%s\": %s}", key, form);
			}
			if (*form == '[')
				continue;
			*value = *like;
			rows_init_pattern(value, form);
			*list = lappend(*list, value);
		}
	}
}

/* Adjacent ranges of other lengths, from other starts. */
static void
add_ranges(const RowsValue *like, const RowsMention *mention, List **list)
{
	List *starts = starts_of(like->element, mention);
	List *lengths = lengths_of(like->element, mention);
	ListCell *cell;

	foreach (cell, starts)
	{
		int64 start = *(int64 *) lfirst(cell);
		ListCell *other;

		foreach (other, lengths)
		{
			int64 length = *(int64 *) lfirst(other);
			RowsValue *value;
			RowsValue *element;

			if (length < 1 || start > like->element->unique_high - length)
				continue;
			value = palloc(sizeof(RowsValue));
			element = palloc(sizeof(RowsValue));
			*value = *like;
			*element = *like->element;
			element->unique_low = start;
			value->element = element;
			value->step = length;
			value->capacity = (uint64) (element->unique_high - start) / length;
			*list = lappend(*list, value);
		}
	}
}

static List *
add_number(List *list, int64 number)
{
	int64 *copy = palloc(sizeof(int64));

	*copy = number;
	return lappend(list, copy);
}

/* Where counting starts usually, and at the constants of the conditions. */
static List *
starts_of(const RowsValue *element, const RowsMention *mention)
{
	List *list = add_number(NIL, element->unique_low);
	ListCell *cell;

	foreach (cell, mention->constants)
	{
		int64 number;
		bool exact;

		if (list_length(list) < MOST_STARTS &&
			rows_number_from_const(element, lfirst(cell), true, &number, &exact) &&
			number >= rows_least_number(element) && number <= element->unique_high)
		{
			list = add_number(list, number);
			list = add_number(list, number + element->unique_unit);
		}
	}
	return list;
}

static List *
lengths_of(const RowsValue *element, const RowsMention *mention)
{
	static const int64 minutes[] = {60,		30,		15,		 5,			  2 * 60,
									4 * 60, 8 * 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60};
	static const int64 numbers[] = {1, 2, 5, 7, 10, 12, 30, 100, 365, 1000};
	bool is_time = element->type == TIMESTAMPOID || element->type == TIMESTAMPTZOID;
	int64 scale = 1;
	List *list = NIL;
	ListCell *cell;

	for (int i = 0; i < element->scale; i++)
		scale *= 10;
	for (int i = 0; i < lengthof(numbers); i++)
		list = add_number(list, is_time ? minutes[i] * MINUTE : numbers[i] * scale);
	foreach (cell, mention->constants)
	{
		Const *constant = lfirst(cell);
		int64 number;
		bool exact;

		if (list_length(list) >= 2 * lengthof(numbers))
			break;
		if (is_time && constant->consttype == INTERVALOID)
		{
			const Interval *length = DatumGetIntervalP(constant->constvalue);

			list = add_number(list, length->time + length->day * USECS_PER_DAY);
		}
		else if (!is_time && element->type != DATEOID &&
				 rows_number_from_const(element, constant, true, &number, &exact))
			list = add_number(list, number);
		else if (element->type == DATEOID && constant->consttype == INT4OID)
			list = add_number(list, DatumGetInt32(constant->constvalue));
	}
	return list;
}
