/*-------------------------------------------------------------------------
 *
 * rows_options.c
 *	  The options of one call: from jsonb to RowsOptions.
 *
 * Must never pass over a key in silence: a misspelt option is an error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "compat.h"
#include "rows.h"

static char *string_option(const char *key, JsonbValue *value);
static bool boolean_option(const char *key, JsonbValue *value);
static void bad_option(const char *key, const char *expected) pg_attribute_noreturn();

RowsOptions *
rows_parse_options(Jsonb *json)
{
	RowsOptions *options = palloc0(sizeof(RowsOptions));
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	options->use_defaults = true;
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object"),
				 errhint("For example: '{\"indexes\": \"each\"}'.")));

	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *key;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);

		if (strcmp(key, "indexes") == 0)
		{
			char	   *indexes = string_option(key, &value);

			if (strcmp(indexes, "auto") == 0)
				options->indexes = ROWS_INDEXES_AUTO;
			else if (strcmp(indexes, "each") == 0)
				options->indexes = ROWS_INDEXES_EACH;
			else if (strcmp(indexes, "after") == 0)
				options->indexes = ROWS_INDEXES_AFTER;
			else
				bad_option(key, "\"auto\", \"each\" or \"after\"");
		}
		else if (strcmp(key, "path") == 0)
		{
			char	   *path = string_option(key, &value);

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
		else if (strcmp(key, "defaults") == 0)
			options->use_defaults = boolean_option(key, &value);
		else
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown option \"%s\"", key),
					 errhint("Known options: defaults, indexes, path.")));
	}
	return options;
}

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

static void
bad_option(const char *key, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value of option \"%s\"", key),
			 errdetail("It must be %s.", expected)));
}
