/*
 * drill_relation.c
 *
 * Reads names of relations in C: a restored server that did it could answer
 * with what psql or it would run.
 */
#include "drill_relation.h"

#include <stdlib.h>
#include <string.h>

#include "drill_session.h"
#include "memory.h"

#define WHITESPACE " \t\n\r\f"

static char *read_part(const char **text);
static char *quoted(const char *schema, const char *name);

bool
drill_relation(const char *text, char **name, char **kind_query)
{
	const char *rest = text;
	char	   *schema = NULL;
	char	   *part = read_part(&rest);
	bool		is_name;

	if (part != NULL && *rest == '.')
	{
		rest++;
		schema = part;
		part = read_part(&rest);
	}
	is_name = part != NULL && *rest == '\0';
	if (is_name)
	{
		char	   *whole = quoted(schema, part);
		char	   *value = drill_value(whole);
		char	   *last = drill_identifier(part);
		char	   *first = schema != NULL ? drill_identifier(schema) : NULL;

		*kind_query = mem_printf("SELECT c.relkind FROM pg_catalog.pg_class AS c "
								 "WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%s)::pg_catalog.oid", value);
		*name = schema != NULL ? mem_printf("%s.%s", first, last) : mem_strdup(last);
		free(first);
		free(last);
		free(value);
		free(whole);
	}
	free(schema);
	free(part);
	return is_name;
}

/* malloc'd; NULL if there is none */
static char *
read_part(const char **text)
{
	const char *from = *text + strspn(*text, WHITESPACE);
	bool		in_quotes = *from == '"';
	bool		closed = !in_quotes;
	char	   *name = mem_alloc(strlen(from) + 1);
	char	   *to = name;

	if (in_quotes)
		from++;
	for (; *from != '\0'; from++)
	{
		if (in_quotes && *from == '"' && *++from != '"')
		{
			closed = true;
			break;
		}
		if (!in_quotes && (*from == '.' || *from == '"' || strchr(WHITESPACE, *from) != NULL))
			break;
		*to++ = !in_quotes && *from >= 'A' && *from <= 'Z' ? (char) (*from - 'A' + 'a') : *from;
	}
	*text = from + strspn(from, WHITESPACE);
	if (closed && to > name)
		return name;
	free(name);
	return NULL;
}

/* malloc'd */
static char *
quoted(const char *schema, const char *name)
{
	char	   *text = mem_alloc(2 * (strlen(name) + (schema != NULL ? strlen(schema) : 0)) + sizeof("\"\".\"\""));
	char	   *to = text;

	for (int i = schema != NULL ? 0 : 1; i < 2; i++)
	{
		*to++ = '"';
		for (const char *from = i == 0 ? schema : name; *from != '\0'; from++)
		{
			if (*from == '"')
				*to++ = '"';
			*to++ = *from;
		}
		*to++ = '"';
		if (i == 0)
			*to++ = '.';
	}
	return text;
}
