/*-------------------------------------------------------------------------
 *
 * number_hints.c
 *	  What the name of a column suggests for a number or a time.
 *
 * Only suggests: the type, CHECKs and options decide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "rows/value/column_name.h"
#include "rows/value/generator.h"
#include "rows/value/hints.h"

/* How the name of a column ends, and the numbers that it suggests. */
typedef struct NumberHint
{
	const char *name;
	double low;
	double high;
} NumberHint;

/* The first that fits counts, so that the longer names stand before the shorter ones. */
static const NumberHint number_hints[] = {{"day of month", 1, 28},
										  {"day of week", 1, 7},
										  {"number of items", 0, 100},
										  {"exchange rate", 0.5, 2},
										  {"fx rate", 0.5, 2},
										  {"hourly rate", 15, 150},
										  {"daily rate", 15, 150},
										  {"day rate", 15, 150},
										  {"pay rate", 15, 150},
										  {"unit price", 1, 1000},
										  {"tax amount", 1, 50},
										  {"vat amount", 1, 50},
										  {"discount amount", 1, 50},
										  {"sub total", 1, 1000},
										  {"grand total", 1, 10000},
										  {"total amount", 1, 10000},
										  {"total price", 1, 10000},
										  {"total cost", 1, 10000},
										  {"credit limit", 0, 100000},
										  {"on hand", 0, 500},
										  {"in stock", 0, 500},
										  {"on order", 0, 100},
										  {"reorder level", 0, 500},
										  {"week number", 1, 52},
										  {"sort order", 1, 100},
										  {"display order", 1, 100},
										  {"sequence number", 1, 100},
										  {"line number", 1, 100},
										  {"line no", 1, 100},
										  {"duration minutes", 5, 240},
										  {"duration seconds", 10, 3600},
										  {"height cm", 50, 200},
										  {"distance km", 1, 1000},
										  {"page number", 1, 500},
										  {"page count", 20, 900},
										  {"retry count", 0, 5},
										  {"file size", 100, 10000000},
										  {"size bytes", 100, 10000000},
										  {"http status", 200, 599},
										  {"status code", 200, 599},
										  {"response code", 200, 599},
										  {"price", 1, 1000},
										  {"amount", 1, 1000},
										  {"cost", 1, 1000},
										  {"fee", 1, 50},
										  {"charge", 1, 50},
										  {"payment", 1, 1000},
										  {"tip", 1, 50},
										  {"fare", 1, 1000},
										  {"deposit", 1, 1000},
										  {"rent", 1, 1000},
										  {"premium", 1, 1000},
										  {"fine", 1, 1000},
										  {"bonus", 1, 1000},
										  {"commission", 1, 1000},
										  {"refund", 1, 1000},
										  {"tax", 1, 50},
										  {"shipping", 1, 50},
										  {"freight", 1, 50},
										  {"subtotal", 1, 1000},
										  {"net", 1, 1000},
										  {"paid", 1, 1000},
										  {"due", 1, 1000},
										  {"value", 1, 1000},
										  {"total", 1, 10000},
										  {"gross", 1, 10000},
										  {"sum", 1, 10000},
										  {"credit", 1, 10000},
										  {"debit", 1, 10000},
										  {"spent", 1, 10000},
										  {"sales", 1, 10000},
										  {"balance", 0, 100000},
										  {"budget", 0, 100000},
										  {"revenue", 0, 100000},
										  {"income", 0, 100000},
										  {"profit", 0, 100000},
										  {"turnover", 0, 100000},
										  {"loan", 0, 100000},
										  {"mortgage", 0, 100000},
										  {"limit", 0, 100000},
										  {"salary", 20000, 200000},
										  {"wage", 20000, 200000},
										  {"wages", 20000, 200000},
										  {"pay", 20000, 200000},
										  {"quantity", 1, 10},
										  {"qty", 1, 10},
										  {"pieces", 1, 10},
										  {"stock", 0, 500},
										  {"inventory", 0, 500},
										  {"units", 0, 500},
										  {"age", 18, 90},
										  {"year", 1990, 2025},
										  {"month", 1, 12},
										  {"day", 1, 28},
										  {"hour", 0, 23},
										  {"hours", 0, 23},
										  {"minute", 0, 59},
										  {"second", 0, 59},
										  {"week", 1, 52},
										  {"weekday", 1, 7},
										  {"dow", 1, 7},
										  {"quarter", 1, 4},
										  {"rating", 1, 5},
										  {"stars", 1, 5},
										  {"score", 0, 100},
										  {"points", 0, 100},
										  {"grade", 0, 100},
										  {"progress", 0, 100},
										  {"completion", 0, 100},
										  {"latitude", -90, 90},
										  {"lat", -90, 90},
										  {"longitude", -180, 180},
										  {"lon", -180, 180},
										  {"lng", -180, 180},
										  {"priority", 1, 5},
										  {"severity", 1, 5},
										  {"level", 1, 10},
										  {"tier", 1, 10},
										  {"rank", 1, 100},
										  {"position", 1, 100},
										  {"seq", 1, 100},
										  {"ordinal", 1, 100},
										  {"version", 1, 20},
										  {"revision", 1, 20},
										  {"port", 1024, 65535},
										  {"duration", 5, 240},
										  {"minutes", 5, 240},
										  {"seconds", 10, 3600},
										  {"rooms", 1, 6},
										  {"bedrooms", 1, 6},
										  {"bathrooms", 1, 6},
										  {"floor", 1, 6},
										  {"floors", 1, 6},
										  {"children", 1, 6},
										  {"guests", 1, 6},
										  {"adults", 1, 6},
										  {"capacity", 2, 500},
										  {"seats", 2, 500},
										  {"attendees", 2, 500},
										  {"participants", 2, 500},
										  {"weight", 0.1, 100},
										  {"kilograms", 0.1, 100},
										  {"kg", 0.1, 100},
										  {"height", 50, 200},
										  {"width", 1, 200},
										  {"depth", 1, 200},
										  {"length", 1, 200},
										  {"thickness", 1, 200},
										  {"distance", 1, 1000},
										  {"mileage", 1, 1000},
										  {"km", 1, 1000},
										  {"temperature", -10, 40},
										  {"temp", -10, 40},
										  {"celsius", -10, 40},
										  {"humidity", 0, 100},
										  {"population", 1000, 1000000},
										  {"page", 1, 500},
										  {"pages", 20, 900},
										  {"views", 0, 10000},
										  {"clicks", 0, 10000},
										  {"likes", 0, 10000},
										  {"downloads", 0, 10000},
										  {"visits", 0, 10000},
										  {"impressions", 0, 10000},
										  {"attempts", 0, 5},
										  {"retries", 0, 5},
										  {"count", 0, 100},
										  {"items", 0, 100},
										  {"size", 100, 10000000},
										  {"bytes", 100, 10000000}};

static bool hint_time(RowsValue *value, const RowsBounds *bounds, const char *column);
static int64 last_day(int stage);
static bool find_range(const RowsValue *value, const char *column, double *low, double *high);
static bool is_flag(const RowsName *name);
static bool rate_range(const RowsValue *value, const RowsName *name, double *high);
static bool set_range(RowsValue *value, const RowsBounds *bounds, int64 low, int64 high);

/*
 * Restricts a value to what its name suggests, within the bounds that it has; false if the
 * name suggests nothing, or nothing within them.
 */
bool
rows_hint_number(RowsValue *value, const RowsBounds *bounds, const char *column)
{
	double scale = 1;
	double low;
	double high;

	switch (value->type)
	{
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return bounds->subject != NULL && hint_time(value, bounds, column);
		case CASHOID:
			scale = 100;
			break;
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			for (int i = 0; i < value->scale; i++)
				scale *= 10;
			for (int i = 0; i > value->scale; i--)
				scale /= 10;
			break;
		default:
			return false;
	}
	if (!find_range(value, column, &low, &high))
		return false;
	low = Max(low * scale, (double) -value->unique_high);
	high = Min(high * scale, (double) value->unique_high);
	if (low > high)
		return false;
	return set_range(value, bounds, (int64) low, (int64) high);
}

/* ---- times ---- */

/* Before the day of the call, with more of them lately, unless they are of what is still to come. */
static bool
hint_time(RowsValue *value, const RowsBounds *bounds, const char *column)
{
	const RowsSubject *subject = bounds->subject;
	int64 day = value->type == DATEOID ? 1 : USECS_PER_DAY;
	int64 now = value->type == DATEOID ? subject->now / USECS_PER_DAY : subject->now;
	RowsColumnRole role;
	RowsName name;
	int64 first;
	int64 last = 0;

	rows_time_role(column, &role);
	rows_split_name(column, &name);
	if (role.role == ROWS_ROLE_NONE && name.n == 1 &&
		(strcmp(name.words[0], "date") == 0 || strcmp(name.words[0], "timestamp") == 0))
		role.role = ROWS_ROLE_STAGE, role.stage = ROWS_STAGE_CREATED;

	switch (role.role)
	{
		case ROWS_ROLE_STAGE:
			first = -730;
			if (role.stage == ROWS_STAGE_BIRTH)
			{
				first = -80 * 365;
				last = -18 * 366;
			}
			else if (role.stage == ROWS_STAGE_HIRED)
				first = -15 * 365;
			else if (role.stage == ROWS_STAGE_DUE)
				last = 60;
			else
				last = last_day(role.stage);
			break;
		case ROWS_ROLE_START:
			first = -365;
			last = 180;
			break;
		case ROWS_ROLE_END:
			first = -365;
			last = 730;
			break;
		default:
			return false;
	}
	if (!set_range(value, bounds, now + first * day, now + last * day))
		return false;
	if (role.role == ROWS_ROLE_STAGE && role.stage >= ROWS_STAGE_CREATED && last <= 0 &&
		value->distribution == ROWS_UNIFORM)
		value->distribution = ROWS_RECENT;
	return true;
}

/* Later stages have a day more each, so that there is always room after an earlier one. */
static int64
last_day(int stage)
{
	static const int starts[] = {20, 30, 50, ROWS_STAGE_LASTS, 90, 100};
	int64 last = -(int64) lengthof(starts);

	for (int i = 0; i < lengthof(starts); i++)
		last += stage >= starts[i];
	return last;
}

/* ---- numbers ---- */

static bool
find_range(const RowsValue *value, const char *column, double *low, double *high)
{
	RowsName name;
	double factor = 1;

	rows_split_name(column, &name);
	if (value->scale == 0 && is_flag(&name))
	{
		*low = 0;
		*high = 1;
		return true;
	}
	if (name.n > 1 && (strcmp(name.words[name.n - 1], "cents") == 0 ||
					   strcmp(name.words[name.n - 1], "cent") == 0))
	{
		factor = 100;
		name.n--;
	}
	for (;;)
	{
		for (int i = 0; i < lengthof(number_hints); i++)
		{
			if (!rows_name_ends(&name, number_hints[i].name))
				continue;
			*low = number_hints[i].low * factor;
			*high = number_hints[i].high * factor;
			return true;
		}
		if (rate_range(value, &name, high))
		{
			*low = 0;
			return true;
		}
		/* "price_min", "total_net", "amount_usd" */
		if (name.n <= 1 || !(strcmp(name.words[name.n - 1], "min") == 0 ||
							 strcmp(name.words[name.n - 1], "max") == 0 ||
							 strcmp(name.words[name.n - 1], "from") == 0 ||
							 strcmp(name.words[name.n - 1], "to") == 0 ||
							 strcmp(name.words[name.n - 1], "eur") == 0 ||
							 strcmp(name.words[name.n - 1], "usd") == 0))
			return false;
		name.n--;
	}
}

/* A yes or no that somebody keeps as a number. */
static bool
is_flag(const RowsName *name)
{
	static const char *const flags[] = {"flag",	  "enabled", "disabled",	 "active", "inactive",
										"hidden", "visible", "discontinued", "locked", "archived"};

	if (name->n > 1 && (strcmp(name->words[0], "is") == 0 || strcmp(name->words[0], "has") == 0))
		return true;
	for (int i = 0; i < (int) lengthof(flags); i++)
	{
		if (name->n > 0 && strcmp(name->words[name->n - 1], flags[i]) == 0)
			return true;
	}
	return false;
}

/* 0 to 1 where there are more digits after the point than a per cent needs, otherwise to 100. */
static bool
rate_range(const RowsValue *value, const RowsName *name, double *high)
{
	static const char *const of_hundred[] = {"percent", "percentage", "pct", "discount"};
	static const char *const of_one[] = {"rate",	   "ratio", "fraction", "probability",
										 "confidence", "share", "margin"};
	bool is_float = value->type == FLOAT4OID || value->type == FLOAT8OID;
	bool has_scale = value->type == NUMERICOID && value->typmod >= (int32) VARHDRSZ;
	double most = (double) value->unique_high;

	for (int i = 0; i < value->scale; i++)
		most /= 10;
	for (int i = 0; i < lengthof(of_hundred); i++)
	{
		/* numeric(3, 2) */
		if (rows_name_ends(name, of_hundred[i]))
			*high = most < 90 ? 1 : strcmp(of_hundred[i], "discount") == 0 ? 50 : 100;
		else
			continue;
		return true;
	}
	for (int i = 0; i < lengthof(of_one); i++)
	{
		if (!rows_name_ends(name, of_one[i]))
			continue;
		*high = is_float || most < 90 ||
						(value->type == NUMERICOID && (!has_scale || value->scale > 2))
					? 1
					: 100;
		return true;
	}
	return false;
}

static bool
set_range(RowsValue *value, const RowsBounds *bounds, int64 low, int64 high)
{
	if (bounds->lows != NIL)
		low = Max(low, value->low);
	if (bounds->highs != NIL)
		high = Min(high, value->high);
	if (low >= high)
		return false;
	value->low = low;
	value->high = high;
	value->steps = (uint64) (high - low) / value->unit + 1;
	return true;
}
