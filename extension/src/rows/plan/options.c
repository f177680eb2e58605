/*-------------------------------------------------------------------------
 *
 * options.c
 *	  Parses the options of one call from jsonb.
 *
 * An unknown option must raise an error, because it may be misspelt.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "rows/plan/options.h"
#include "rows/value/generator.h"

/* The longest string that a caller may ask for. */
#define MOST_LENGTH (10 * 1024 * 1024)

static void parse_columns(RowsOptions *options, JsonbContainer *json);
static void parse_column(RowsColumnOptions *column, JsonbContainer *json);
static void refuse_conflicts(RowsColumnOptions *column, List *keys);
static bool has_key(List *keys, const char *key);
static void parse_values(RowsColumnOptions *column, const char *key, JsonbValue *value);
static void parse_length(RowsColumnOptions *column, const char *key, JsonbValue *value);
static char *string_option(const char *key, JsonbValue *value);
static bool boolean_option(const char *key, JsonbValue *value);
static double number_option(const char *key, JsonbValue *value, double low, double high);
static double whole_option(const char *key, JsonbValue *value, double high);
static char *scalar_option(const char *key, JsonbValue *value);
pg_noreturn static void bad_option(const char *key, const char *expected);

RowsOptions *
rows_parse_options(Jsonb *json)
{
	RowsOptions *options = palloc0(sizeof(RowsOptions));
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	options->use_defaults = true;
	/* the day, so that the same call makes the same rows until it ends */
	options->now = GetCurrentTransactionStartTimestamp();
	options->now -= options->now % USECS_PER_DAY;
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("options must be a JSON object"),
				 errhint("For example: '{\"indexes\": \"each\"}'.")));

	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char *key;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);

		if (strcmp(key, "columns") == 0)
		{
			if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
				bad_option(key, "an object with a member for each column");
			parse_columns(options, value.val.binary.data);
		}
		else if (strcmp(key, "null_fraction") == 0)
			options->null_fraction = number_option(key, &value, 0, 1);
		else if (strcmp(key, "parents") == 0)
			options->parents = boolean_option(key, &value);
		else if (strcmp(key, "defaults") == 0)
			options->use_defaults = boolean_option(key, &value);
		else if (strcmp(key, "start") == 0)
			options->start = (uint64) whole_option(key, &value, 1e15);
		else if (strcmp(key, "indexes") == 0)
		{
			char *indexes = string_option(key, &value);

			if (strcmp(indexes, "auto") == 0)
				options->indexes = ROWS_INDEXES_AUTO;
			else if (strcmp(indexes, "each") == 0)
				options->indexes = ROWS_INDEXES_EACH;
			else if (strcmp(indexes, "after") == 0)
				options->indexes = ROWS_INDEXES_AFTER;
			else if (strcmp(indexes, "reindex") == 0)
				options->indexes = ROWS_INDEXES_REINDEX;
			else
				bad_option(key, "\"auto\", \"each\", \"after\" or \"reindex\"");
		}
		else if (strcmp(key, "foreign_keys") == 0)
		{
			char *checks = string_option(key, &value);

			if (strcmp(checks, "auto") == 0)
				options->foreign_keys = ROWS_FOREIGN_KEYS_AUTO;
			else if (strcmp(checks, "bulk") == 0)
				options->foreign_keys = ROWS_FOREIGN_KEYS_BULK;
			else if (strcmp(checks, "each") == 0)
				options->foreign_keys = ROWS_FOREIGN_KEYS_EACH;
			else
				bad_option(key, "\"auto\", \"bulk\" or \"each\"");
		}
		else if (strcmp(key, "now") == 0)
		{
			options->now = DatumGetTimestamp(
				DirectFunctionCall3(timestamp_in, CStringGetDatum(string_option(key, &value)),
									ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
			if (TIMESTAMP_NOT_FINITE(options->now))
				bad_option(key, "a time");
			options->now -= options->now % USECS_PER_DAY;
			options->now_is_given = true;
		}
		else if (strcmp(key, "path") == 0)
		{
			char *path = string_option(key, &value);

			options->path_is_given = true;
			if (strcmp(path, "multi") == 0)
				options->path = ROWS_PATH_MULTI;
			else if (strcmp(path, "single") == 0)
				options->path = ROWS_PATH_SINGLE;
			else if (strcmp(path, "query") == 0)
				options->path = ROWS_PATH_SPI;
			else
				bad_option(key, "\"multi\", \"single\" or \"query\"");
		}
		else
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown option \"%s\"", key),
					 errhint(
						 "Known options: columns, defaults, foreign_keys, indexes, now, null_fraction, parents, path, start.")));
	}
	return options;
}

static void
parse_columns(RowsOptions *options, JsonbContainer *json)
{
	JsonbIterator *iterator = JsonbIteratorInit(json);
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		RowsColumnOptions *column;

		if (token != WJB_KEY)
			continue;
		column = palloc0(sizeof(RowsColumnOptions));
		column->name = pnstrdup(value.val.string.val, value.val.string.len);
		column->null_fraction = -1;
		column->use_default = -1;
		column->min_length = column->max_length = -1;
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			bad_option(column->name, "an object, such as {\"min\": 1, \"max\": 10}");
		parse_column(column, value.val.binary.data);
		options->columns = lappend(options->columns, column);
	}
}

static void
parse_column(RowsColumnOptions *column, JsonbContainer *json)
{
	JsonbIterator *iterator = JsonbIteratorInit(json);
	JsonbIteratorToken token;
	JsonbValue value;
	List *keys = NIL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char *key;
		char *path;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		keys = lappend(keys, key);
		path = psprintf("%s.%s", column->name, key);
		(void) JsonbIteratorNext(&iterator, &value, true);

		if (strcmp(key, "null_fraction") == 0)
			column->null_fraction = number_option(path, &value, 0, 1);
		else if (strcmp(key, "values") == 0)
			parse_values(column, path, &value);
		else if (strcmp(key, "constant") == 0)
		{
			column->is_constant = true;
			if (value.type != jbvNull)
				column->values = list_make1(scalar_option(path, &value));
		}
		else if (strcmp(key, "min") == 0)
			column->min = scalar_option(path, &value);
		else if (strcmp(key, "max") == 0)
			column->max = scalar_option(path, &value);
		else if (strcmp(key, "step") == 0)
			column->step = scalar_option(path, &value);
		else if (strcmp(key, "length") == 0)
			parse_length(column, path, &value);
		else if (strcmp(key, "prefix") == 0)
			column->prefix = string_option(path, &value);
		else if (strcmp(key, "pattern") == 0)
			column->pattern = string_option(path, &value);
		else if (strcmp(key, "default") == 0)
			column->use_default = boolean_option(path, &value) ? 1 : 0;
		else if (strcmp(key, "distribution") == 0)
		{
			char *name = string_option(path, &value);

			if (strcmp(name, "uniform") == 0)
				column->distribution = ROWS_UNIFORM;
			else if (strcmp(name, "normal") == 0)
				column->distribution = ROWS_NORMAL;
			else if (strcmp(name, "zipf") == 0)
				column->distribution = ROWS_ZIPF;
			else if (strcmp(name, "sequence") == 0)
				column->distribution = ROWS_SEQUENCE;
			else if (strcmp(name, "series") == 0)
				column->distribution = ROWS_SERIES;
			else
				bad_option(path, "\"uniform\", \"normal\", \"zipf\", \"sequence\" or \"series\"");
		}
		else
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("unknown option \"%s\" of column \"%s\"", key, column->name),
							errhint("Known options: constant, default, distribution, length, max, min, "
									"null_fraction, pattern, prefix, step, values.")));
	}
	refuse_conflicts(column, keys);
}

/* An option that another one makes useless is an error. */
static void
refuse_conflicts(RowsColumnOptions *column, List *keys)
{
	static const struct
	{
		const char *key;
		const char *others[10];
	} conflicts[] = {
		{"constant",
		 {"default", "distribution", "length", "max", "min", "pattern", "prefix", "step", "values"}},
		{"default", {"distribution", "length", "max", "min", "pattern", "prefix", "step", "values"}},
		{"pattern", {"distribution", "length", "max", "min", "prefix", "step", "values"}},
		{"values", {"length", "max", "min", "prefix", "step"}},
	};

	for (int i = 0; i < lengthof(conflicts); i++)
	{
		if (!has_key(keys, conflicts[i].key) ||
			(strcmp(conflicts[i].key, "default") == 0 && column->use_default == 0))
			continue;
		for (const char *const *other = conflicts[i].others; *other != NULL; other++)
		{
			if (has_key(keys, *other) && (strcmp(*other, "default") != 0 || column->use_default == 1))
				ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								errmsg("options \"%s\" and \"%s\" of column \"%s\" do not go together",
									   conflicts[i].key, *other, column->name),
								errhint("Leave one of them out.")));
		}
	}
}

static bool
has_key(List *keys, const char *key)
{
	ListCell *cell;

	foreach (cell, keys)
	{
		if (strcmp(lfirst(cell), key) == 0)
			return true;
	}
	return false;
}

/* ["a", "b"], or {"a": 3, "b": 1} with their weights */
static void
parse_values(RowsColumnOptions *column, const char *key, JsonbValue *value)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue member;
	bool weighted;
	double sum = 0;

	if (value->type != jbvBinary || (!JsonContainerIsArray(value->val.binary.data) &&
									 !JsonContainerIsObject(value->val.binary.data)))
		bad_option(key, "an array of values, or an object of values and their weights");
	weighted = JsonContainerIsObject(value->val.binary.data);

	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &member, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			column->values = lappend(column->values, scalar_option(key, &member));
		else if (token == WJB_KEY)
			column->values = lappend(column->values,
									 pnstrdup(member.val.string.val, member.val.string.len));
		else if (token == WJB_VALUE && weighted)
		{
			double *weight = palloc(sizeof(double));

			*weight = number_option(key, &member, 0, 1e15);
			sum += *weight;
			column->weights = lappend(column->weights, weight);
		}
	}
	if (column->values == NIL)
		bad_option(key, "a list that is not empty");
	if (weighted && !(sum > 0))
		bad_option(key, "a list with a weight above 0");
}

/* 10, or {"min": 5, "max": 20} */
static void
parse_length(RowsColumnOptions *column, const char *key, JsonbValue *value)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue member;

	if (value->type == jbvNumeric)
	{
		column->min_length = column->max_length = (int) whole_option(key, value, MOST_LENGTH);
		return;
	}
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		bad_option(key, "a number, or {\"min\": ..., \"max\": ...}");
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &member, true)) != WJB_DONE)
	{
		char *bound;

		if (token != WJB_KEY)
			continue;
		bound = pnstrdup(member.val.string.val, member.val.string.len);
		(void) JsonbIteratorNext(&iterator, &member, true);
		if (strcmp(bound, "min") == 0)
			column->min_length = (int) whole_option(key, &member, MOST_LENGTH);
		else if (strcmp(bound, "max") == 0)
			column->max_length = (int) whole_option(key, &member, MOST_LENGTH);
		else
			bad_option(key, "a number, or {\"min\": ..., \"max\": ...}");
	}
	if (column->max_length < 0)
		column->max_length = column->min_length;
	if (column->min_length < 0)
		column->min_length = 0;
	if (column->min_length > column->max_length)
		bad_option(key, "a range whose min is not above its max");
}

/* ---- single values ---- */

static char *
string_option(const char *key, JsonbValue *value)
{
	if (value->type != jbvString)
		bad_option(key, "a string");
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static bool
boolean_option(const char *key, JsonbValue *value)
{
	if (value->type != jbvBool)
		bad_option(key, "true or false");
	return value->val.boolean;
}

static double
number_option(const char *key, JsonbValue *value, double low, double high)
{
	double number;

	if (value->type != jbvNumeric)
		bad_option(key, "a number");
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
	if (!(number >= low && number <= high))
		bad_option(key, psprintf("between %.15g and %.15g", low, high));
	return number;
}

static double
whole_option(const char *key, JsonbValue *value, double high)
{
	double number = number_option(key, value, 0, high);

	if (number != floor(number))
		bad_option(key, "a whole number");
	return number;
}

/* An option given as a value of the column, in the text form of its type. */
static char *
scalar_option(const char *key, JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvBinary:
			/* for a column of type json */
			return JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
		default:
			bad_option(key, "a string, a number, true, false, or JSON for a column of that type");
	}
	return NULL; /* keep the compiler quiet */
}

static void
bad_option(const char *key, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value of option \"%s\"", key), errdetail("It must be %s.", expected)));
}
