/*
 * home_names.c
 *
 * What a table, and what belongs to it, is called where it comes home to, and
 * whether two of several tables would be called the same.  Asks no server.
 */
#include "rescue/home_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "proof/psql_session.h"

static char *take_each(const json_t *objects, const char *kind, const json_t *table,
					   const RescueTable *wanted, json_t *taken);

char *
rescue_take_names(const json_t *table, const RescueTable *wanted, json_t *taken)
{
	static const char *const relations[] = {"tables", "indexes", "sequences"};
	char *clash = NULL;

	for (size_t i = 0; clash == NULL && i < sizeof(relations) / sizeof(relations[0]); i++)
		clash = take_each(json_object_get(table, relations[i]), "relation", table, wanted, taken);
	if (clash == NULL)
		clash = take_each(json_object_get(table, "statistics"), "statistics object", table, wanted,
						  taken);
	return clash;
}

/* Adds the names that the objects have at home; NULL, or malloc'd words on one that is taken */
static char *
take_each(const json_t *objects, const char *kind, const json_t *table, const RescueTable *wanted,
		  json_t *taken)
{
	char *clash = NULL;

	/* of one that is there, its name alone is known */
	size_t count = !wanted->rows_only							 ? json_array_size(objects)
				   : objects == json_object_get(table, "tables") ? 1
																 : 0;

	for (size_t i = 0; i < count; i++)
	{
		char *new = rescue_new_name(objects, i, table, wanted);
		char *key = mem_printf("%s %s.%s", kind, wanted->home_schema, new);
		const char *whose = json_string_value(json_object_get(taken, key));

		if (whose != NULL && clash == NULL)
			clash = mem_printf("tables %s.%s and %s would both have the %s",
							   json_text_of(table, "schema"), json_text_of(table, "name"), whose,
							   key);
		else if (whose == NULL)
		{
			char *name = mem_printf("%s.%s", json_text_of(table, "schema"),
									json_text_of(table, "name"));

			json_object_set_new(taken, key, json_text(name));
			free(name);
		}
		free(key);
		free(new);
	}
	return clash;
}

char *
rescue_new_name(const json_t *objects, size_t i, const json_t *table, const RescueTable *wanted)
{
	const char *old = json_text_of(json_array_get(objects, i), "name");
	bool is_partition = objects == json_object_get(table, "tables") && i > 0;

	if (old == NULL)
		old = "";
	return is_partition ? mem_strdup(old) : rescue_home_name(table, wanted, old);
}

/* By PostgreSQL's habit they begin with the name of the table. */
char *
rescue_home_name(const json_t *table, const RescueTable *wanted, const char *name)
{
	const char *old = json_text_of(table, "name");
	bool begins = strncmp(name, old, strlen(old)) == 0;

	if (strcmp(old, wanted->home_name) == 0)
		return mem_strdup(name);
	return mem_printf("%s%s%s", wanted->home_name, begins ? "" : "_",
					  begins ? name + strlen(old) : name);
}

char *
rescue_name_in_copy(const json_t *table, const RescueTable *wanted)
{
	if (wanted->rows_only)
		return rescue_qualified(json_text_of(table, "schema"), json_text_of(table, "name"));
	return rescue_qualified(wanted->home_schema, wanted->home_name);
}

char *
rescue_qualified(const char *schema, const char *name)
{
	char *first = drill_identifier(schema != NULL ? schema : "");
	char *second = drill_identifier(name != NULL ? name : "");
	char *text = mem_printf("%s.%s", first, second);

	free(first);
	free(second);
	return text;
}
