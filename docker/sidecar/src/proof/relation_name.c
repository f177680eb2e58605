/*
 * relation_name.c
 *
 * Parses names of relations in C: if the restored server did so, it could
 * answer with text that psql or the server would run.
 */
#include "proof/relation_name.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* As in SQL */
#define WHITESPACE " \t\n\r\f"

static char *read_name(DrillRelation *relation);
static char *from_hex(const char *hex);
static char *read_part(const char **text);
static char *quoted(const char *schema, const char *name);

/*
 * A table of the mark must still be one, because a view would run a query of
 * its own.  The server's answer is checked here and is not part of another
 * query: the server must not decide which relation the next query reads.
 */
void
drill_relations_find(const DrillServer *server, DrillRelation *relations, size_t count,
					 const char *kinds, const char *what)
{
	DrillRelation **asked = mem_alloc(count * sizeof(DrillRelation *));
	char **questions = mem_alloc(count * sizeof(char *));
	DrillAnswer *answers = mem_alloc(count * sizeof(DrillAnswer));
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
	{
		questions[n] = read_name(&relations[i]);
		if (questions[n] != NULL)
			asked[n++] = &relations[i];
		else
			relations[i].difference = mem_printf("this is no name of a %s", what);
	}
	if (n > 0)
		drill_ask(server, server->reader, DRILL_STATEMENT_MS, questions, n, answers);
	for (size_t i = 0; i < n; i++)
	{
		const char *kind = answers[i].output;

		if (kind == NULL)
			asked[i]->difference = mem_strdup(answers[i].error);
		else if (strlen(kind) != 1 || strchr(kinds, kind[0]) == NULL)
			asked[i]->difference = mem_printf("there is no such %s", what);
		drill_answer_free(&answers[i]);
		free(questions[i]);
	}
	free(answers);
	free(questions);
	free(asked);
}

/* The query for its relkind, malloc'd; NULL if it is not a name of one or two parts */
static char *
read_name(DrillRelation *relation)
{
	const DrillName *name = relation->name;
	char *bytes = name->hex != NULL ? from_hex(name->hex) : NULL;
	const char *rest = name->hex != NULL ? bytes : name->text;
	char *schema = NULL;
	char *part;
	char *question = NULL;

	if (rest == NULL)
		return NULL;
	part = read_part(&rest);

	if (part != NULL && *rest == '.')
	{
		rest++;
		schema = part;
		part = read_part(&rest);
	}
	if (part != NULL && *rest == '\0')
	{
		char *whole = quoted(schema, part);
		char *value = drill_value(whole, name->hex != NULL ? "SQL_ASCII" : "UTF8");

		relation->oid = mem_printf("pg_catalog.to_regclass(%s)::pg_catalog.oid", value);
		question = mem_printf("SELECT c.relkind FROM pg_catalog.pg_class AS c "
							  "WHERE c.oid OPERATOR(pg_catalog.=) %s",
							  relation->oid);
		free(value);
		free(whole);
	}
	free(schema);
	free(part);
	free(bytes);
	return question;
}

/* malloc'd; NULL if hex is invalid */
static char *
from_hex(const char *hex)
{
	size_t length = strlen(hex);
	char *bytes;

	if (length % 2 != 0 || strspn(hex, "0123456789abcdef") != length)
		return NULL;
	bytes = mem_alloc(length / 2 + 1);
	for (size_t i = 0; i < length / 2; i++)
	{
		const char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		bytes[i] = (char) strtol(digits, NULL, 16);
	}
	return bytes;
}

/* malloc'd; NULL if there is none */
static char *
read_part(const char **text)
{
	const char *from = *text + strspn(*text, WHITESPACE);
	bool in_quotes = *from == '"';
	bool closed = !in_quotes;
	char *name = mem_alloc(strlen(from) + 1);
	char *to = name;

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
	char *text = mem_alloc(2 * (strlen(name) + (schema != NULL ? strlen(schema) : 0)) +
						   sizeof("\"\".\"\""));
	char *to = text;

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
