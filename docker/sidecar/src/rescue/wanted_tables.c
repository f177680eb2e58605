/*
 * wanted_tables.c
 *
 * Finds the tables that a rescue wants, before any of them is touched.
 */
#include "rescue/wanted_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rescue/lost_table.h"
#include "rescue/table_order.h"

/* More than that make a restore of the whole server the better choice. */
#define TABLES_MAX 200

/* Of what is left out so many are told, and of more the number */
#define LEFT_OUT_MAX 200

static bool add_schema(WantedTables *tables, const DrillServer *server, const RescueRequest *request,
					   const RescueTable *schema, char **error, const char **hint);
static json_t *list_schema(const DrillServer *server, const RescueTable *schema, char **error);
static bool add_table(WantedTables *tables, const DrillServer *server, const RescueRequest *request,
					  const RescueTable *wanted, char **error, const char **hint);
static bool add_children(WantedTables *tables, const DrillServer *server,
						 const RescueRequest *request, size_t parent, char **error,
						 const char **hint);
static void forget_from(WantedTables *tables, size_t count);
static bool is_there(const WantedTables *tables, const json_t *found);
static char *part_of_another(const WantedTables *tables, const json_t *found);
static bool has_member(const json_t *parent, const json_t *part);
static void name_it(const RescueRequest *request, const RescueTable *wanted, char **error);
static void leave_out(WantedTables *tables, const char *what, const char *why);

WantedTables
wanted_tables_find(const DrillServer *server, const RescueRequest *request, char **error,
				   const char **hint)
{
	WantedTables tables = {.all = mem_alloc(TABLES_MAX * sizeof(WantedTable)),
						   .left_out = json_checked(json_array())};
	bool good = true;

	*error = NULL;
	*hint = NULL;
	for (size_t i = 0; good && i < request->table_count; i++)
	{
		const RescueTable *wanted = &request->tables[i];

		if (wanted->oid == 0 && wanted->name == NULL)
			good = add_schema(&tables, server, request, wanted, error, hint);
		else
			good = add_table(&tables, server, request, wanted, error, hint);
	}
	good = good && wanted_tables_order(tables.all, tables.count, error, hint);
	if (tables.left_count > LEFT_OUT_MAX)
	{
		char *more = mem_printf("%zu more", tables.left_count - LEFT_OUT_MAX);

		json_array_append_new(tables.left_out, json_text(more));
		free(more);
	}
	return tables;
}

void
wanted_tables_clear(WantedTables *tables)
{
	forget_from(tables, 0);
	free(tables->all);
	json_decref(tables->left_out);
}

static void
forget_from(WantedTables *tables, size_t count)
{
	for (size_t i = count; i < tables->count; i++)
	{
		rescue_table_clear(&tables->all[i].wanted);
		json_decref(tables->all[i].found);
	}
	memset(&tables->all[count], 0, (tables->count - count) * sizeof(WantedTable));
	tables->count = count;
}

static bool
add_schema(WantedTables *tables, const DrillServer *server, const RescueRequest *request,
		   const RescueTable *schema, char **error, const char **hint)
{
	json_t *list = list_schema(server, schema, error);
	const json_t *one;
	size_t before = tables->count;
	size_t told = json_array_size(tables->left_out);
	size_t i;

	json_array_foreach (json_object_get(list, "tables"), i, one)
	{
		RescueTable wanted = {
			.oid = (uint32_t) json_integer_value(json_object_get(one, "oid")),
			.home_schema = schema->home_schema,
		};

		if (wanted.oid != 0 && !add_table(tables, server, request, &wanted, error, hint))
		{
			/* without a hint it is no refusal, but trouble */
			if (tables->count == TABLES_MAX || *hint == NULL)
				break;
			leave_out(tables, json_text_of(one, "name"), *error);
			free(*error);
			*error = NULL;
			*hint = NULL;
		}
	}
	json_array_foreach (json_object_get(list, "others"), i, one)
	{
		if (json_string_value(one) != NULL)
			leave_out(tables, json_string_value(one), NULL);
	}
	json_decref(list);
	if (*error == NULL && tables->count == before)
	{
		*error = mem_printf("there was no table in schema %s that could be rescued at this moment%s%s",
							schema->schema, json_array_size(tables->left_out) > told ? ": " : "",
							json_array_size(tables->left_out) > told
								? json_string_value(json_array_get(tables->left_out, told))
								: "");
		*hint = "poc_find_changes() tells when tables were dropped.";
	}
	return *error == NULL;
}

/* Tables by OID and name; of all else, what it is */
static json_t *
list_schema(const DrillServer *server, const RescueTable *schema, char **error)
{
	char *name = drill_value(schema->schema, "UTF8");
	char *query =
		mem_printf("SELECT pg_catalog.json_build_object("
				   "'tables', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('oid', c.oid::pg_catalog.int8, "
				   "'name', pg_catalog.format('table %%I.%%I', n.nspname, c.relname)) ORDER BY c.relname) "
				   "FROM pg_catalog.pg_class AS c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND (NOT c.relispartition OR NOT EXISTS ("
				   "SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) AS a JOIN pg_catalog.pg_class AS p ON p.oid = a.relid "
				   "WHERE p.oid <> c.oid AND p.relnamespace = n.oid))), "
				   "'others', (SELECT pg_catalog.json_agg(o.what ORDER BY o.what) FROM ("
				   "SELECT pg_catalog.format('%%s %%I.%%I', CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' "
				   "WHEN 'c' THEN 'type' ELSE 'sequence' END, n.nspname, c.relname) AS what FROM pg_catalog.pg_class AS c "
				   "WHERE c.relnamespace = n.oid AND (c.relkind IN ('v', 'm', 'f', 'c') OR c.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d "
				   "WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))) "
				   "UNION SELECT pg_catalog.format('function %%I.%%I', n.nspname, p.proname) FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = n.oid "
				   "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e') "
				   "UNION SELECT pg_catalog.format('type %%I.%%I', n.nspname, t.typname) FROM pg_catalog.pg_type AS t "
				   "WHERE t.typnamespace = n.oid AND t.typtype IN ('d', 'e', 'r') "
				   "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e')) AS o)) "
				   "FROM pg_catalog.pg_namespace AS n WHERE n.nspname = %s::pg_catalog.name",
				   name);
	/* empty: there is no such schema */
	json_t *list = drill_ask_object(server, query, "the server does not tell what the schema has",
									error);

	free(query);
	free(name);
	return list;
}

static bool
add_table(WantedTables *tables, const DrillServer *server, const RescueRequest *request,
		  const RescueTable *wanted, char **error, const char **hint)
{
	WantedTable *one = &tables->all[tables->count];
	json_t *found;

	if (tables->count == TABLES_MAX)
	{
		*error = mem_printf("more than %d tables are wanted", TABLES_MAX);
		*hint = "Restore an instance: poc_restore().";
		return false;
	}
	found = rescue_table_find(server, request, wanted, error, hint);
	if (found != NULL && is_there(tables, found))
	{
		json_decref(found);
		return true;
	}
	if (found != NULL && (*error = part_of_another(tables, found)) != NULL)
	{
		*hint = "Name one of the two.";
		json_decref(found);
		found = NULL;
	}
	if (found == NULL)
	{
		name_it(request, wanted, error);
		return false;
	}
	one->found = found;
	one->wanted.home_schema = mem_strdup(wanted->home_schema);
	one->wanted.home_name = mem_strdup(wanted->home_name != NULL ? wanted->home_name
																 : json_text_of(found, "name"));
	one->wanted.rows_only = wanted->rows_only;
	tables->count++;
	return add_children(tables, server, request, tables->count - 1, error, hint);
}

/* All that inherit from it, or not even itself: its rows are theirs, too */
static bool
add_children(WantedTables *tables, const DrillServer *server, const RescueRequest *request,
			 size_t parent, char **error, const char **hint)
{
	const WantedTable *above = &tables->all[parent];
	const json_t *child;
	size_t i;

	json_array_foreach (json_object_get(above->found, "children"), i, child)
	{
		RescueTable wanted = {
			.oid = (uint32_t) json_integer_value(json_object_get(child, "oid")),
			.home_schema = above->wanted.home_schema,
			.rows_only = above->wanted.rows_only,
		};
		char *text;

		if (wanted.oid == 0 || add_table(tables, server, request, &wanted, error, hint))
			continue;
		text = mem_printf("%s inherits from it, and cannot be rescued: %s",
						  json_text_of(child, "name"), *error);
		free(*error);
		*error = text;
		forget_from(tables, parent);
		return false;
	}
	return true;
}

static bool
is_there(const WantedTables *tables, const json_t *found)
{
	for (size_t i = 0; i < tables->count; i++)
	{
		if (json_equal(json_object_get(tables->all[i].found, "oid"), json_object_get(found, "oid")))
			return true;
	}
	return false;
}

/* NULL, or malloc'd words: the one comes with the other */
static char *
part_of_another(const WantedTables *tables, const json_t *found)
{
	for (size_t i = 0; i < tables->count; i++)
	{
		const json_t *other = tables->all[i].found;

		if (has_member(other, found) || has_member(found, other))
			return mem_printf("tables %s.%s and %s.%s are a partition and its parent",
							  json_text_of(found, "schema"), json_text_of(found, "name"),
							  json_text_of(other, "schema"), json_text_of(other, "name"));
	}
	return NULL;
}

static bool
has_member(const json_t *parent, const json_t *part)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(parent, "tables"), i, one)
	{
		if (json_equal(json_object_get(one, "oid"), json_object_get(part, "oid")))
			return true;
	}
	return false;
}

/* Of several, the one that is meant */
static void
name_it(const RescueRequest *request, const RescueTable *wanted, char **error)
{
	char *text;

	if (request->table_count == 1 || wanted->name == NULL)
		return;
	text = mem_printf("%s.%s: %s", wanted->schema, wanted->name, *error);
	free(*error);
	*error = text;
}

static void
leave_out(WantedTables *tables, const char *what, const char *why)
{
	char *text;

	if (++tables->left_count > LEFT_OUT_MAX)
		return;
	text = why != NULL ? mem_printf("%s: %s", what, why) : mem_strdup(what);

	json_array_append_new(tables->left_out, json_text(text));
	free(text);
}
