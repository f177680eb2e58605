/*
 * parse_rescue_request.c
 *
 * Makes the request of a rescue from what a caller has sent, with all checks
 * that need no answer of Barman's.
 */
#include "api/parse_rescue_request.h"

#include <string.h>

#include "api/arguments.h"
#include "api/parse_restore_request.h"
#include "base/memory.h"

/* PostgreSQL's NAMEDATALEN without the terminating zero */
#define NAME_BYTES 63

#define SUPERUSERS_MAX 20
#define TABLES_MAX	   200

/* A search for changes tells of fewer (FIND_CHANGES_MOST) */
#define NAMES_MAX 2000

static const Argument table_arguments[] = {
	{"oid", ARGUMENT_INTEGER, 0, UINT32_MAX, false, 0},
	{"schema", ARGUMENT_TEXT, 0, 0, true, 0},
	{"name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"home_schema", ARGUMENT_TEXT, 0, 0, true, 0},
	{"home_name", ARGUMENT_TEXT, 0, 0, true, 0},
	{"rows_only", ARGUMENT_BOOL, 0, 0, false, false},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

static const Argument name_arguments[] = {
	{"oids", ARGUMENT_LIST, 0, 0, true, 0},
	{"files", ARGUMENT_LIST, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

static bool fill(RescueRequest *rescue, const json_t *arguments, Answer **refusal);
static bool fill_wanted(RescueRequest *rescue, const json_t *arguments, Answer **refusal);
static bool fill_names(RescueNames *names, json_t *given, Answer **refusal);
static bool read_numbers(const json_t *list, uint32_t **numbers, size_t *count);
static bool fill_tables(RescueRequest *rescue, json_t *list, Answer **refusal);
static bool names_are_sound(const RescueTable *table, Answer **refusal);
static bool is_name(const char *text);

static const Argument rescue_arguments[] = {
	{"instance", ARGUMENT_TEXT, 0, 0, true, 0},
	{"backup_id", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_time", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_lsn", ARGUMENT_TEXT, 0, 0, true, 0},
	{"target_timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"exclusive", ARGUMENT_BOOL, 0, 0, false, false},
	{"timeline", ARGUMENT_INTEGER, 1, INT32_MAX, true, 0},
	{"wal_file", ARGUMENT_TEXT, 0, 0, true, 0},
	{"system_identifier", ARGUMENT_TEXT, 0, 0, true, 0},
	{"database", ARGUMENT_TEXT, 0, 0, true, 0},
	{"superuser", ARGUMENT_TEXT, 0, 0, true, 0},
	{"superusers", ARGUMENT_LIST, 0, 0, true, 0},
	{"tables", ARGUMENT_LIST, 0, 0, true, 0},
	{"names_of", ARGUMENT_OBJECT, 0, 0, true, 0},
	{"role", ARGUMENT_TEXT, 0, 0, true, 0},
	{"role_oid", ARGUMENT_INTEGER, 0, UINT32_MAX, false, 0},
	{"database_oid", ARGUMENT_INTEGER, 0, UINT32_MAX, false, 0},
	{"primary", ARGUMENT_OBJECT, 0, 0, true, 0},
	{NULL, ARGUMENT_TEXT, 0, 0, false, 0},
};

RescueRequest *
rescue_request_read(json_t *given, Answer **refusal)
{
	json_t *arguments = arguments_check(given, rescue_arguments, refusal);
	RescueRequest *rescue;

	if (arguments == NULL)
		return NULL;
	rescue = mem_alloc(sizeof(RescueRequest));
	if (!fill(rescue, arguments, refusal))
	{
		rescue_request_free(rescue);
		rescue = NULL;
	}
	json_decref(arguments);
	return rescue;
}

static bool
fill(RescueRequest *rescue, const json_t *arguments, Answer **refusal)
{
	const json_t *superusers = json_object_get(arguments, "superusers");

	rescue->database = arguments_text(arguments, "database");
	rescue->superuser = arguments_text(arguments, "superuser");
	rescue->role = arguments_text(arguments, "role");
	rescue->role_oid = (uint32_t) json_integer_value(json_object_get(arguments, "role_oid"));
	rescue->database_oid = (uint32_t) json_integer_value(json_object_get(arguments, "database_oid"));
	if (json_array_size(superusers) > SUPERUSERS_MAX ||
		!arguments_texts(superusers, SIZE_MAX, &rescue->superusers))
		return argument_refuse(refusal, "superusers", "list at most 20 names", NULL);
	if (rescue->database == NULL || rescue->superuser == NULL)
		return argument_refuse(refusal, "database", "name a database, and \"superuser\" a role",
							   NULL);
	return fill_wanted(rescue, arguments, refusal) &&
		   restore_request_fill(&rescue->restore, arguments, refusal);
}

/* Tables, or names */
static bool
fill_wanted(RescueRequest *rescue, const json_t *arguments, Answer **refusal)
{
	json_t *names = json_object_get(arguments, "names_of");
	json_t *tables = json_object_get(arguments, "tables");

	if (!json_is_object(names))
		return fill_tables(rescue, tables, refusal);
	if (!json_is_null(tables))
		return argument_refuse(refusal, "names_of", "stand without \"tables\"", NULL);
	return fill_names(&rescue->names, names, refusal);
}

static bool
fill_names(RescueNames *names, json_t *given, Answer **refusal)
{
	json_t *arguments = arguments_check(given, name_arguments, refusal);
	bool good;

	if (arguments == NULL)
		return false;
	good = read_numbers(json_object_get(arguments, "oids"), &names->oids, &names->oid_count) &&
		   read_numbers(json_object_get(arguments, "files"), &names->files, &names->file_count) &&
		   names->oid_count + names->file_count > 0;
	json_decref(arguments);
	return good || argument_refuse(refusal, "names_of",
								   "list \"oids\" or \"files\", each at most 2000 numbers", NULL);
}

static bool
read_numbers(const json_t *list, uint32_t **numbers, size_t *count)
{
	const json_t *one;
	size_t i;

	if (json_array_size(list) > NAMES_MAX)
		return false;
	*numbers = mem_alloc((json_array_size(list) + 1) * sizeof(uint32_t));
	json_array_foreach (list, i, one)
	{
		if (!json_is_integer(one) || json_integer_value(one) < 1 ||
			json_integer_value(one) > UINT32_MAX)
			return false;
		(*numbers)[(*count)++] = (uint32_t) json_integer_value(one);
	}
	return true;
}

static bool
fill_tables(RescueRequest *rescue, json_t *list, Answer **refusal)
{
	json_t *one;
	size_t i;

	if (json_array_size(list) == 0 || json_array_size(list) > TABLES_MAX)
		return argument_refuse(refusal, "tables", "list the tables, at most 200", NULL);
	rescue->tables = mem_alloc(json_array_size(list) * sizeof(RescueTable));
	json_array_foreach (list, i, one)
	{
		RescueTable *table = &rescue->tables[i];
		json_t *arguments;

		if (!json_is_object(one))
			return argument_refuse(refusal, "tables", "be a list of objects", NULL);
		arguments = arguments_check(one, table_arguments, refusal);
		if (arguments == NULL)
			return false;
		table->oid = (uint32_t) json_integer_value(json_object_get(arguments, "oid"));
		table->schema = arguments_text(arguments, "schema");
		table->name = arguments_text(arguments, "name");
		table->home_schema = arguments_text(arguments, "home_schema");
		table->home_name = arguments_text(arguments, "home_name");
		table->rows_only = json_is_true(json_object_get(arguments, "rows_only"));
		rescue->table_count = i + 1;
		json_decref(arguments);
		if (!names_are_sound(table, refusal))
			return false;
	}
	return true;
}

static bool
names_are_sound(const RescueTable *table, Answer **refusal)
{
	bool is_whole_schema = table->oid == 0 && table->name == NULL;

	if (table->oid == 0 && (!is_name(table->schema) || (!is_whole_schema && !is_name(table->name))))
		return argument_refuse(refusal, "tables",
							   "name each table by \"oid\", or by \"schema\" and \"name\"",
							   "Without a name, all tables of the schema are meant. A name has 1 to 63 bytes.");
	if (!is_name(table->home_schema) || (table->home_name != NULL && !is_name(table->home_name)) ||
		(is_whole_schema && table->home_name != NULL))
		return argument_refuse(refusal, "tables",
							   "have a \"home_schema\" for each, and may have a \"home_name\" for a table",
							   "A name has 1 to 63 bytes.");
	return true;
}

/* Control characters have no place in the definition that pg_dump writes. */
static bool
is_name(const char *text)
{
	for (const char *c = text; c != NULL && *c != '\0'; c++)
	{
		if ((unsigned char) *c < ' ' || *c == 127)
			return false;
	}
	return text != NULL && text[0] != '\0' && strlen(text) <= NAME_BYTES;
}
