/*
 * barman_backup_info.c
 *
 * A backup.info file, Barman's own record of a backup: lines "key=value".
 * Never takes a value for a number that is a name, and tells no secret.
 */
#include "barman_json_internal.h"

#include <stdlib.h>
#include <string.h>

static json_t *value_of(const char *key, const char *text);
static json_t *utf8_text(const char *text);
static bool is_number(const char *text);

json_t *
barman_parse_backup_info(const char *text)
{
	json_t	   *facts = json_object();
	const char *line = text;
	bool		ok = facts != NULL;

	while (ok && *line != '\0')
	{
		size_t		length = strcspn(line, "\n");
		const char *equals = memchr(line, '=', length);

		if (equals != NULL && equals > line && equals - line < 64)
		{
			char		key[64];
			char	   *value = strndup(equals + 1, length - (size_t) (equals + 1 - line));

			memcpy(key, line, (size_t) (equals - line));
			key[equals - line] = '\0';
			ok = value != NULL && barman_put(facts, key, value_of(key, value));
			free(value);
		}
		line += length + (line[length] == '\n');
	}
	/* what is no such file tells no status */
	if (!ok || !json_is_string(json_object_get(facts, "status")))
	{
		json_decref(facts);
		return NULL;
	}
	barman_redact(facts);
	return facts;
}

/* What Barman's Python writes, as its diagnose tells it */
static json_t *
value_of(const char *key, const char *text)
{
	const char *seconds;
	char	   *end;
	double		copy;

	if (strcmp(text, "None") == 0)
		return json_null();
	if (strcmp(key, "copy_stats") == 0)
	{
		seconds = strstr(text, "'copy_time': ");
		copy = seconds != NULL ? strtod(seconds + strlen("'copy_time': "), &end) : -1;
		return seconds != NULL && copy >= 0 ? json_pack("{s:f}", "copy_time", copy) : json_null();
	}
	if (is_number(text) && strcmp(key, "systemid") != 0)
		return json_integer(strtoll(text, NULL, 10));
	return utf8_text(text);
}

static json_t *
utf8_text(const char *text)
{
	char	   *utf8 = barman_text_utf8(text, strlen(text));
	json_t	   *value = utf8 != NULL ? json_string(utf8) : NULL;

	free(utf8);
	return value;
}

/* The name of a segment may have digits alone. */
static bool
is_number(const char *text)
{
	size_t		length = strlen(text);

	return length > 0 && length <= 18 && strspn(text, "0123456789") == length;
}
