/*
 * prepare_table.c
 *
 * Makes a table of a restored server what shall come home.  What the server has
 * told gets into commands as hexadecimal digits alone.
 */
#include "rescue/prepare_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rescue/home_names.h"

static json_t *find_in_the_way(const DrillServer *server, const json_t *table,
							   const RescueTable *wanted, char **error);
static void list_new_names(FILE *sql, const json_t *objects, const json_t *table,
						   const RescueTable *wanted);
static void write_commands(FILE *sql, const json_t *table, const json_t *in_the_way,
						   const RescueTable *wanted);
static void move_away(FILE *sql, const json_t *names, const char *what, const json_t *table,
					  const RescueTable *wanted);
static void drop_each(FILE *sql, const json_t *table, const char *list, const char *what);
static void move_each(FILE *sql, const json_t *table, const RescueTable *wanted);
static void rename_each(FILE *sql, const json_t *list, const char *what, const json_t *table,
						const RescueTable *wanted);
static char *identifier_of(const json_t *object);
static char *text_literal(const char *text);

/* Errors are those of transactions that have ended: of each table the list is the same. */
void
rescue_end_prepared(const DrillServer *server, const json_t *table)
{
	const json_t *prepared = json_object_get(table, "prepared");
	size_t count = json_array_size(prepared);
	char **queries = mem_alloc((count + 1) * sizeof(char *));
	DrillAnswer *answers = mem_alloc((count + 1) * sizeof(DrillAnswer));

	for (size_t i = 0; i < count; i++)
	{
		char *name = text_literal(json_string_value(json_array_get(prepared, i)));

		queries[i] = mem_printf("ROLLBACK PREPARED %s", name);
		free(name);
	}
	if (count > 0)
		drill_ask(server, server->superuser, DRILL_QUICK_MS, queries, count, answers);
	for (size_t i = 0; i < count; i++)
	{
		drill_answer_free(&answers[i]);
		free(queries[i]);
	}
	free(queries);
	free(answers);
}

char *
rescue_table_rename(const DrillServer *server, const json_t *table, const RescueTable *wanted)
{
	DrillAnswer answer = {NULL, NULL};
	char *query = NULL;
	size_t size = 0;
	FILE *sql;
	json_t *in_the_way;
	char *error = NULL;

	if (wanted->rows_only)
		return NULL;
	in_the_way = find_in_the_way(server, table, wanted, &error);
	if (error != NULL)
		return error;
	sql = open_memstream(&query, &size);
	if (sql == NULL)
		abort(); /* out of memory */
	fputs("BEGIN;\n", sql);
	write_commands(sql, table, in_the_way, wanted);
	fputs("COMMIT", sql);
	if (fclose(sql) != 0)
		abort();
	json_decref(in_the_way);
	drill_ask(server, server->superuser, DRILL_QUICK_MS, &query, 1, &answer);
	error = answer.error;
	answer.error = NULL;
	drill_answer_free(&answer);
	free(query);
	return error;
}

char *
rescue_table_part(const DrillServer *server, const json_t *table)
{
	const json_t *parents = json_object_get(table, "no_inherit");
	size_t count = json_array_size(parents);
	char **queries = mem_alloc((count + 1) * sizeof(char *));
	DrillAnswer *answers = mem_alloc((count + 1) * sizeof(DrillAnswer));
	char *name = rescue_qualified(json_text_of(table, "schema"), json_text_of(table, "name"));
	char *error = NULL;

	for (size_t i = 0; i < count; i++)
	{
		const json_t *parent = json_array_get(parents, i);
		char *from = rescue_qualified(json_text_of(parent, "schema"), json_text_of(parent, "name"));

		queries[i] = mem_printf("ALTER TABLE %s NO INHERIT %s", name, from);
		free(from);
	}
	if (count > 0)
		drill_ask(server, server->superuser, DRILL_QUICK_MS, queries, count, answers);
	for (size_t i = 0; i < count; i++)
	{
		if (error == NULL && answers[i].error != NULL)
			error = mem_strdup(answers[i].error);
		drill_answer_free(&answers[i]);
		free(queries[i]);
	}
	free(queries);
	free(answers);
	free(name);
	return error;
}

/*
 * What has the names, in the copy, that the table and what moves with it will
 * have: what had come home before the backup, for example.  Lists of names, by
 * the word for them in ALTER.
 */
static json_t *
find_in_the_way(const DrillServer *server, const json_t *table, const RescueTable *wanted,
				char **error)
{
	char *home = drill_value(wanted->home_schema, "UTF8");
	char *query = NULL;
	size_t size = 0;
	FILE *sql = open_memstream(&query, &size);
	json_t *names;

	if (sql == NULL)
		abort(); /* out of memory */
	fprintf(sql,
			"SELECT pg_catalog.json_build_object("
			"'TABLE', (SELECT pg_catalog.json_agg(c.relname) FROM pg_catalog.pg_class AS c WHERE c.relnamespace = n.oid AND c.relname IN (NULL");
	list_new_names(sql, json_object_get(table, "tables"), table, wanted);
	list_new_names(sql, json_object_get(table, "indexes"), table, wanted);
	list_new_names(sql, json_object_get(table, "sequences"), table, wanted);
	fprintf(sql,
			")), 'STATISTICS', (SELECT pg_catalog.json_agg(e.stxname) FROM pg_catalog.pg_statistic_ext AS e WHERE e.stxnamespace = n.oid AND e.stxname IN (NULL");
	list_new_names(sql, json_object_get(table, "statistics"), table, wanted);
	fprintf(sql, "))) FROM pg_catalog.pg_namespace AS n WHERE n.nspname = %s::pg_catalog.name", home);
	if (fclose(sql) != 0)
		abort();
	/* empty: there is no such schema yet */
	names = drill_ask_object(server, query, "the server does not tell what its schema has", error);
	free(query);
	free(home);
	return names;
}

/* Those of objects that get another name or schema */
static void
list_new_names(FILE *sql, const json_t *objects, const json_t *table, const RescueTable *wanted)
{
	const json_t *one;
	size_t i;

	json_array_foreach (objects, i, one)
	{
		const char *old = json_text_of(one, "name") != NULL ? json_text_of(one, "name") : "";
		char *new = rescue_new_name(objects, i, table, wanted);

		bool moves = !json_text_is(one, "schema", wanted->home_schema);
		char *value;

		if (moves || strcmp(new, old) != 0)
		{
			value = drill_value(new, "UTF8");
			fprintf(sql, ", %s::pg_catalog.name", value);
			free(value);
		}
		/* it moves before it is renamed */
		if (moves && strcmp(new, old) != 0)
		{
			value = drill_value(old, "UTF8");
			fprintf(sql, ", %s::pg_catalog.name", value);
			free(value);
		}
		free(new);
	}
}

/*
 * What is left out is dropped, so that pg_dump does not know of it: triggers,
 * rules and foreign keys; a partition that is wanted alone is detached.
 */
static void
write_commands(FILE *sql, const json_t *table, const json_t *in_the_way, const RescueTable *wanted)
{
	const json_t *parent = json_object_get(table, "parent");
	char *home = drill_identifier(wanted->home_schema);
	char *name;
	char *other;

	fprintf(sql, "CREATE SCHEMA IF NOT EXISTS %s;\n", home);
	free(home);
	move_away(sql, json_object_get(in_the_way, "TABLE"), "TABLE", table, wanted);
	move_away(sql, json_object_get(in_the_way, "STATISTICS"), "STATISTICS", table, wanted);
	if (json_is_object(parent))
	{
		name = rescue_qualified(json_text_of(parent, "schema"), json_text_of(parent, "name"));
		other = rescue_qualified(json_text_of(table, "schema"), json_text_of(table, "name"));
		fprintf(sql, "ALTER TABLE %s DETACH PARTITION %s;\n", name, other);
		free(name);
		free(other);
	}
	drop_each(sql, table, "foreign_keys", "CONSTRAINT");
	drop_each(sql, table, "triggers", "TRIGGER");
	drop_each(sql, table, "rules", "RULE");
	move_each(sql, table, wanted);
}

/* ALTER TABLE renames relations of all kinds. */
static void
move_away(FILE *sql, const json_t *names, const char *what, const json_t *table,
		  const RescueTable *wanted)
{
	const json_t *one;
	size_t i;

	json_array_foreach (names, i, one)
	{
		char *name = rescue_qualified(wanted->home_schema, json_string_value(one));

		fprintf(sql, "ALTER %s %s RENAME TO poc_away_%lld_%zu;\n", what, name,
				(long long) json_integer_value(json_object_get(table, "oid")), i);
		free(name);
	}
}

static void
drop_each(FILE *sql, const json_t *table, const char *list, const char *what)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(table, list), i, one)
	{
		char *of = rescue_qualified(json_text_of(one, "schema"), json_text_of(one, "table"));
		char *name = identifier_of(one);

		if (strcmp(what, "CONSTRAINT") == 0)
			fprintf(sql, "ALTER TABLE %s DROP CONSTRAINT %s CASCADE;\n", of, name);
		else
			fprintf(sql, "DROP %s %s ON %s;\n", what, name, of);
		free(of);
		free(name);
	}
}

/*
 * Indexes and owned sequences move with their table.  Beside the table of
 * today, in its schema, they need names of their own.
 */
static void
move_each(FILE *sql, const json_t *table, const RescueTable *wanted)
{
	const json_t *one;
	size_t i;
	char *home = drill_identifier(wanted->home_schema);
	char *from;
	char *to;

	json_array_foreach (json_object_get(table, "tables"), i, one)
	{
		from = rescue_qualified(json_text_of(one, "schema"), json_text_of(one, "name"));
		if (!json_text_is(one, "schema", wanted->home_schema))
			fprintf(sql, "ALTER TABLE %s SET SCHEMA %s;\n", from, home);
		free(from);
	}
	json_array_foreach (json_object_get(table, "statistics"), i, one)
	{
		from = rescue_qualified(json_text_of(one, "schema"), json_text_of(one, "name"));
		if (!json_text_is(one, "schema", wanted->home_schema))
			fprintf(sql, "ALTER STATISTICS %s SET SCHEMA %s;\n", from, home);
		free(from);
	}
	if (!json_text_is(table, "name", wanted->home_name))
	{
		from = rescue_qualified(wanted->home_schema, json_text_of(table, "name"));
		to = drill_identifier(wanted->home_name);
		fprintf(sql, "ALTER TABLE %s RENAME TO %s;\n", from, to);
		free(from);
		free(to);
		rename_each(sql, json_object_get(table, "indexes"), "INDEX", table, wanted);
		rename_each(sql, json_object_get(table, "sequences"), "SEQUENCE", table, wanted);
		rename_each(sql, json_object_get(table, "statistics"), "STATISTICS", table, wanted);
	}
	free(home);
}

static void
rename_each(FILE *sql, const json_t *list, const char *what, const json_t *table,
			const RescueTable *wanted)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
	{
		const char *name = json_text_of(one, "name") != NULL ? json_text_of(one, "name") : "";
		char *new = rescue_home_name(table, wanted, name);
		char *from = rescue_qualified(wanted->home_schema, name);
		char *to = drill_identifier(new);

		fprintf(sql, "ALTER %s %s RENAME TO %s;\n", what, from, to);
		free(new);
		free(from);
		free(to);
	}
}

/* malloc'd: the identifier of an object's "name" */
static char *
identifier_of(const json_t *object)
{
	const char *name = json_text_of(object, "name");

	return drill_identifier(name != NULL ? name : "");
}

/* malloc'd: a literal where only a literal may stand, in hexadecimal */
static char *
text_literal(const char *text)
{
	char *identifier = drill_identifier(text != NULL ? text : "");

	/* U&"..." and U&'...' differ by their quotation marks alone */
	for (char *c = identifier; *c != '\0'; c++)
	{
		if (*c == '"')
			*c = '\'';
	}
	return identifier;
}
