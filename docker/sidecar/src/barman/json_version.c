/*
 * json_version.c
 *
 * Parses Barman's version as a comparable number.
 */
#include "barman/json_inside.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool read_version(const char *text, size_t *length, int *number);

/* "3.13.3 Barman by EnterpriseDB (www.enterprisedb.com)" */
json_t *
barman_parse_version(const BarmanOutput *output, BarmanFailure *failure)
{
	char *text = output->out && output->out_length > 0
					 ? barman_text_utf8(output->out, output->out_length)
					 : NULL;
	const char *start = text;
	json_t *version;
	size_t length = 0;
	int number = 0;

	while (start != NULL && *start != '\0' && !isdigit((unsigned char) *start))
		start++;
	if (output->exit_code != 0)
	{
		free(text);
		return barman_fail_run(output, NULL, "--version", NULL, failure);
	}
	if (start == NULL || !read_version(start, &length, &number))
	{
		free(text);
		return barman_fail(failure, BARMAN_BAD_OUTPUT, NULL, NULL,
						   "barman --version printed no version");
	}

	version = json_object();
	if (version == NULL || !barman_put(version, "text", json_stringn(start, length)) ||
		!barman_put(version, "number", json_integer(number)))
	{
		json_decref(version);
		version = barman_fail_memory(failure);
	}
	free(text);
	return version;
}

/* 3.13.3 is 31303, in PostgreSQL's style; 3.4 is 30400. */
static bool
read_version(const char *text, size_t *length, int *number)
{
	const char *c = text;
	int part[3] = {0, 0, 0};
	int parts = 0;

	while (parts < 3 && isdigit((unsigned char) *c))
	{
		for (; isdigit((unsigned char) *c); c++)
		{
			part[parts] = part[parts] * 10 + (*c - '0');
			if (part[parts] > 99)
				return false;
		}
		*length = (size_t) (c - text);
		parts++;
		if (*c == '.')
			c++;
		else
			break;
	}
	*number = part[0] * 10000 + part[1] * 100 + part[2];
	return parts >= 2;
}
