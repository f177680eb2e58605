/*
 * table_definition.c
 *
 * Has pg_dump write the definition of a table: it is maintained for each
 * version, and DDL of our own would not be.
 */
#include "rescue/table_definition.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/settings.h"
#include "rescue/home_names.h"
#include "restore/caged_run.h"

#define DUMP_MS (INT64_C(10) * 60 * 1000)

static char *dump(const DrillServer *server, const json_t *table, const RescueTable *wanted,
				  const char *section, char **error);
static char *pattern(const char *schema, const char *name);
static char *quoted(char *to, const char *name);
static json_t *statistics_of(const DrillServer *server, const json_t *table, char **error);
static json_t *sequences_at_home(const DrillServer *server, const json_t *table,
								 const RescueTable *wanted, char **error);
static json_t *grants_at_home(const json_t *table, const RescueTable *wanted);
static const char *text_of(const json_t *object, const char *key);
static const char *first_command(const char *text);

json_t *
rescue_definition(const DrillServer *server, const json_t *table, const RescueTable *wanted,
				  char **error)
{
	static const char *const passed_on[] = {"oid",			 "kind",	 "schema",
											"name",			 "owner",	 "columns",
											"format",		 "tables",	 "foreign_keys",
											"referenced_by", "triggers", "rules",
											"left_out",		 "needs",	 "prepared",
											"parent",		 "parents",	 "no_inherit",
											"all_columns",	 "shape"};
	json_t *value = json_checked(json_object());
	bool made = !wanted->rows_only;
	char *before = made ? dump(server, table, wanted, "pre-data", error) : NULL;
	char *after = made && *error == NULL ? dump(server, table, wanted, "post-data", error) : NULL;
	json_t *statistics = made && *error == NULL ? statistics_of(server, table, error) : NULL;

	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		json_object_set(value, passed_on[i], json_object_get(table, passed_on[i]));
	json_object_set_new(value, "before",
						json_text(before != NULL ? rescue_without_psql(before) : NULL));
	json_object_set_new(value, "after", json_text(after != NULL ? rescue_without_psql(after) : NULL));
	json_object_set_new(value, "rows_only", json_boolean(wanted->rows_only));
	json_object_set_new(value, "home_schema", json_text(wanted->home_schema));
	json_object_set_new(value, "home_name", json_text(wanted->home_name));
	json_object_set_new(value, "statistics", statistics != NULL ? statistics : json_null());
	json_object_set_new(value, "sequences", sequences_at_home(server, table, wanted, error));
	json_object_set_new(value, "grants", grants_at_home(table, wanted));
	free(before);
	free(after);
	if (*error == NULL)
		return value;
	json_decref(value);
	return NULL;
}

/* malloc'd SQL of that section of the table and its partitions */
static char *
dump(const DrillServer *server, const json_t *table, const RescueTable *wanted, const char *section,
	 char **error)
{
	const json_t *tables = json_object_get(table, "tables");
	size_t count = json_array_size(tables);
	char *program = mem_printf("%s/pg_dump", settings.pg_bindir);
	char *where = drill_conninfo(server, server->superuser, "UTF8");
	char *which = mem_printf("--section=%s", section);
	char **patterns = mem_alloc(count * sizeof(char *));
	const char **argv = mem_alloc((count + 16) * sizeof(char *));
	size_t n = 0;
	RunResult result;
	char *text = NULL;

	argv[n++] = program;
	argv[n++] = "--schema-only";
	argv[n++] = which;
	argv[n++] = "--no-owner";
	argv[n++] = "--no-privileges";
	argv[n++] = "--no-tablespaces";
	argv[n++] = "--no-publications";
	argv[n++] = "--no-subscriptions";
	argv[n++] = "--no-security-labels";
	argv[n++] = "--no-table-access-method";
	argv[n++] = "--no-password";
	argv[n++] = "--strict-names";
	for (size_t i = 0; i < count; i++)
	{
		const char *name = i == 0 ? wanted->home_name
								  : json_text_of(json_array_get(tables, i), "name");

		argv[n++] = patterns[i] = pattern(wanted->home_schema, name != NULL ? name : "");
	}
	argv[n++] = where;
	argv[n] = NULL;
	caged_run(server->job, NULL, true, argv, NULL, DUMP_MS, &result);
	if (result.outcome == RUN_EXITED && result.exit_code == 0)
		text = mem_strdup(result.out);
	else
		*error = mem_printf("pg_dump did not end well: %.*s", DRILL_DETAIL_MAX,
							result.outcome == RUN_NOT_STARTED ? strerror(result.start_error)
															  : result.err);
	runner_free(&result);
	for (size_t i = 0; i < count; i++)
		free(patterns[i]);
	free(patterns);
	free(argv);
	free(which);
	free(where);
	free(program);
	return text;
}

/* malloc'd option: in quotes every character of a pattern means itself */
static char *
pattern(const char *schema, const char *name)
{
	static const char option[] = "--table=";
	char *text = mem_alloc(2 * (strlen(schema) + strlen(name)) + sizeof(option) + sizeof("\"\".\"\""));
	char *to = stpcpy(text, option);

	to = quoted(to, schema);
	*to++ = '.';
	quoted(to, name);
	return text;
}

/* Returns where the next character belongs. */
static char *
quoted(char *to, const char *name)
{
	*to++ = '"';
	for (; *name != '\0'; name++)
	{
		if (*name == '"')
			*to++ = '"';
		*to++ = *name;
	}
	*to++ = '"';
	*to = '\0';
	return to;
}

/* pg_dump writes none for a table that is named */
static json_t *
statistics_of(const DrillServer *server, const json_t *table, char **error)
{
	const json_t *objects = json_object_get(table, "statistics");
	json_t *value = json_checked(json_array());
	const json_t *one;
	size_t i;

	json_array_foreach (objects, i, one)
	{
		char *query = mem_printf("SELECT pg_catalog.to_json(pg_catalog.pg_get_statisticsobjdef(%lld::pg_catalog.oid))",
								 (long long) json_integer_value(json_object_get(one, "oid")));
		DrillAnswer answer = {NULL, NULL};
		json_t *text;

		drill_ask(server, server->superuser, DRILL_QUICK_MS, &query, 1, &answer);
		text = answer.output != NULL ? json_loads(answer.output, JSON_DECODE_ANY, NULL) : NULL;
		if (json_is_string(text))
			json_array_append(value, text);
		else if (*error == NULL)
			*error = mem_strdup(answer.error != NULL
									? answer.error
									: "the server does not tell its statistics objects");
		json_decref(text);
		drill_answer_free(&answer);
		free(query);
	}
	return value;
}

/* With their positions, which no catalog has; an error is the first that arises. */
static json_t *
sequences_at_home(const DrillServer *server, const json_t *table, const RescueTable *wanted,
				  char **error)
{
	json_t *value = json_checked(json_array());
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(table, "sequences"), i, one)
	{
		char *home = wanted->rows_only ? mem_strdup(text_of(one, "name"))
									   : rescue_home_name(table, wanted, text_of(one, "name"));
		char *name = rescue_qualified(wanted->rows_only ? text_of(one, "schema") : wanted->home_schema,
									  home);
		char *query = mem_printf("SELECT pg_catalog.json_build_object('value', s.last_value, 'is_called', s.is_called) FROM %s AS s",
								 name);
		DrillAnswer answer = {NULL, NULL};
		json_t *sequence = NULL;

		drill_ask(server, server->superuser, DRILL_QUICK_MS, &query, 1, &answer);
		if (answer.output != NULL)
			sequence = json_loads(answer.output, 0, NULL);
		if (json_is_object(sequence))
		{
			json_object_set_new(sequence, "name", json_text(home));
			json_object_set(sequence, "column", json_object_get(one, "column"));
			json_array_append(value, sequence);
		}
		else if (*error == NULL)
			*error = mem_strdup(answer.error != NULL
									? answer.error
									: "the server does not tell the position of a sequence");
		json_decref(sequence);
		drill_answer_free(&answer);
		free(query);
		free(name);
		free(home);
	}
	return value;
}

/* The same, of what has the names that it will have */
static json_t *
grants_at_home(const json_t *table, const RescueTable *wanted)
{
	json_t *value = json_checked(json_array());
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(table, "grants"), i, one)
	{
		const char *name = text_of(one, "name");
		bool is_sequence = strcmp(text_of(one, "on"), "SEQUENCE") == 0;
		bool is_itself = !is_sequence && strcmp(name, text_of(table, "name")) == 0;
		char *home = is_sequence ? rescue_home_name(table, wanted, name)
								 : mem_strdup(is_itself ? wanted->home_name : name);
		json_t *grant = json_checked(json_deep_copy(one));

		json_object_set_new(grant, "name", json_text(home));
		json_array_append_new(value, grant);
		free(home);
	}
	return value;
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_text_of(object, key);

	return text != NULL ? text : "";
}

/*
 * pg_dump encloses its commands in \restrict and \unrestrict.  In the midst of
 * the text such a line is part of a value, and stays.
 */
char *
rescue_without_psql(char *text)
{
	static const char first[] = "\\restrict ";
	static const char last[] = "\n\\unrestrict ";
	char *begin = text + (first_command(text) - text);
	char *end = NULL;

	for (char *next = strstr(text, last); next != NULL; next = strstr(next + 1, last))
		end = next;
	/* nothing but blank lines and comments follow the last */
	if (end != NULL && first_command(end + 1 + strcspn(end + 1, "\n"))[0] == '\0')
		end[1] = '\0';
	if (strncmp(begin, first, strlen(first)) == 0)
		return begin + strcspn(begin, "\n");
	return text;
}

/* Where the first line is that is neither empty nor a comment */
static const char *
first_command(const char *text)
{
	while (*text == '\n' || strncmp(text, "--", 2) == 0)
		text += *text == '\n' ? 1 : strcspn(text, "\n");
	return text;
}
