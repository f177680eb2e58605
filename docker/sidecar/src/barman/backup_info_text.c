/*
 * backup_info_text.c
 *
 * Parses backup.info, Barman's own record of a backup: lines "key=value".
 * Never takes a name for a number, and returns no secrets.
 */
#include "barman/json_inside.h"

#include <stdlib.h>
#include <string.h>

static json_t *value_of(const char *key, const char *text);
static json_t *tablespaces_of(const char *text);
static json_t *tablespace_of(const char **text);
static bool skip(const char **text, const char *words);
static json_t *number(const char **text);
static json_t *quoted(const char **text);
static json_t *utf8_text(const char *text);
static bool is_number(const char *text);

json_t *
barman_parse_backup_info(const char *text)
{
	json_t *facts = json_object();
	const char *line = text;
	bool ok = facts != NULL;

	while (ok && *line != '\0')
	{
		size_t length = strcspn(line, "\n");
		const char *equals = memchr(line, '=', length);

		if (equals != NULL && equals > line && equals - line < 64)
		{
			char key[64];
			char *value = strndup(equals + 1, length - (size_t) (equals + 1 - line));

			memcpy(key, line, (size_t) (equals - line));
			key[equals - line] = '\0';
			ok = value != NULL && barman_put(facts, key, value_of(key, value));
			free(value);
		}
		line += length + (line[length] == '\n');
	}
	/* a file without a status is no backup.info */
	if (!ok || !json_is_string(json_object_get(facts, "status")))
	{
		json_decref(facts);
		return NULL;
	}
	barman_redact(facts);
	return facts;
}

/* Convert a value as Python writes it to its form in diagnose. */
static json_t *
value_of(const char *key, const char *text)
{
	const char *seconds;
	char *end;
	double copy;

	if (strcmp(text, "None") == 0)
		return json_null();
	if (strcmp(key, "copy_stats") == 0)
	{
		seconds = strstr(text, "'copy_time': ");
		copy = seconds != NULL ? strtod(seconds + strlen("'copy_time': "), &end) : -1;
		return seconds != NULL && copy >= 0 ? json_pack("{s:f}", "copy_time", copy) : json_null();
	}
	if (strcmp(key, "tablespaces") == 0)
	{
		json_t *tablespaces = tablespaces_of(text);

		if (tablespaces != NULL)
			return tablespaces;
	}
	if (is_number(text) && strcmp(key, "systemid") != 0)
		return json_integer(strtoll(text, NULL, 10));
	return utf8_text(text);
}

/*
 * [('name', oid, 'location'), ...] as [[name, oid, location]]; NULL for
 * anything else, including strings with Python's escapes.
 */
static json_t *
tablespaces_of(const char *text)
{
	json_t *list = json_array();
	bool ok = list != NULL && skip(&text, "[");

	while (ok && *text == '(')
		ok = json_array_append_new(list, tablespace_of(&text)) == 0 &&
			 (*text == ']' || skip(&text, ", "));
	if (ok && strcmp(text, "]") == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* ('name', oid, 'location'); NULL for anything else */
static json_t *
tablespace_of(const char **text)
{
	json_t *name = skip(text, "(") ? quoted(text) : NULL;
	json_t *oid = name != NULL && skip(text, ", ") ? number(text) : NULL;
	json_t *location = oid != NULL && skip(text, ", ") ? quoted(text) : NULL;

	if (location != NULL && skip(text, ")"))
		return json_pack("[o, o, o]", name, oid, location);
	json_decref(name);
	json_decref(oid);
	json_decref(location);
	return NULL;
}

/* Advances past words if the text starts with them. */
static bool
skip(const char **text, const char *words)
{
	size_t length = strlen(words);

	if (strncmp(*text, words, length) != 0)
		return false;
	*text += length;
	return true;
}

/* A positive number; NULL for anything else */
static json_t *
number(const char **text)
{
	char *end;
	long long value;

	if (**text < '1' || **text > '9')
		return NULL;
	value = strtoll(*text, &end, 10);
	*text = end;
	return json_integer(value);
}

/* A Python string without escapes; NULL for anything else */
static json_t *
quoted(const char **text)
{
	char quote = **text;
	size_t length;
	char *inside;
	json_t *value = NULL;

	if (quote != '\'' && quote != '"')
		return NULL;
	length = strcspn(*text + 1, quote == '"' ? "\"\\" : "'\\");
	if ((*text)[1 + length] != quote)
		return NULL;
	inside = strndup(*text + 1, length);
	if (inside != NULL)
		value = utf8_text(inside);
	free(inside);
	*text += length + 2;
	return value;
}

static json_t *
utf8_text(const char *text)
{
	char *utf8 = barman_text_utf8(text, strlen(text));
	json_t *value = utf8 != NULL ? json_string(utf8) : NULL;

	free(utf8);
	return value;
}

/* The name of a WAL segment may consist of decimal digits only. */
static bool
is_number(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= 18 && strspn(text, "0123456789") == length;
}
