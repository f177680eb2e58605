/*
 * restore_host.c
 *
 * Compares what the primary says that it has, locales above all, with what is
 * on Barman's host.  Starts nothing: it is known before hours of copying.
 */
#include "restore_host.h"

#include <gnu/libc-version.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "barman_run.h"
#include "memory.h"

/* Nobody has so many, and each is looked for. */
#define LOCALES_MAX 1000
#define NAME_MAX_BYTES 200

/* One sentence of these is read, not twenty. */
#define NOTES_MAX 3

static bool has_locale(const char *name);
static char *missing_here(const json_t *one);
static void add(char **text, char *sentence);

const char *
restore_primary_is_bad(const json_t *primary)
{
	json_t	   *one;
	size_t		i;

	if (primary == NULL || json_is_null(primary))
		return NULL;
	if (!json_is_object(primary))
		return "the field \"primary\" must be an object or null";
	if (json_array_size(json_object_get(primary, "locales")) > LOCALES_MAX)
		return "the field \"primary\" has more than 1000 \"locales\"";
	json_array_foreach(json_object_get(primary, "locales"), i, one)
	{
		if (json_text_of(one, "of") == NULL || json_text_of(one, "locale") == NULL ||
			strlen(json_text_of(one, "locale")) > NAME_MAX_BYTES)
			return "each of the field \"locales\" must be {\"of\", \"locale\"}, and may have \"needed\" and \"version\"";
	}
	return NULL;
}

bool
restore_host_serves(Restore *restore)
{
	const json_t *locales = json_object_get(json_object_get(restore->arguments, "primary"), "locales");
	json_t	   *one;
	size_t		i;
	bool		good = true;

	json_array_foreach(locales, i, one)
	{
		char	   *words = missing_here(one);

		if (words != NULL && restore->is_drill && json_is_true(json_object_get(one, "needed")))
			good = restore_fail(restore, BARMAN_WRONG_STATE, words,
								"Install the locale on Barman's host: of Debian by \"dpkg-reconfigure locales\", or from the package locales-all.",
								"locale \"%s\" is missing on Barman's host", json_text_of(one, "locale"));
		else if (words != NULL)
			job_log(restore->job, JOB_WARNING, "locale \"%s\" is missing on Barman's host: %s",
					json_text_of(one, "locale"), words);
		free(words);
		if (!good)
			break;
	}
	return good;
}

char *
restore_host_notes(const Restore *restore)
{
	const json_t *locales = json_object_get(json_object_get(restore->arguments, "primary"), "locales");
	const char *here = gnu_get_libc_version();
	char	   *text = mem_strdup("");
	int			notes = 0;
	json_t	   *one;
	size_t		i;

	json_array_foreach(locales, i, one)
	{
		const char *version = json_text_of(one, "version");

		if (notes < NOTES_MAX && !has_locale(json_text_of(one, "locale")))
		{
			add(&text, missing_here(one));
			notes++;
		}
		else if (notes < NOTES_MAX && version != NULL && strcmp(version, here) != 0)
		{
			add(&text, mem_printf("%s sorts by glibc %s, and this host has %s: here indexes of text may seem corrupt that are not.",
								  json_text_of(one, "of"), version, here));
			notes = NOTES_MAX;	/* of the others it is the same */
		}
	}
	return text;
}

/* NULL if it is not */
static char *
missing_here(const json_t *one)
{
	if (has_locale(json_text_of(one, "locale")))
		return NULL;
	return mem_printf("%s cannot be used on a server that is restored here, for it has locale \"%s\".",
					  json_text_of(one, "of"), json_text_of(one, "locale"));
}

/* As PostgreSQL will ask for it; the C library takes no path for a name. */
static bool
has_locale(const char *name)
{
	locale_t	locale;

	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return false;
	locale = newlocale(LC_COLLATE_MASK | LC_CTYPE_MASK, name, (locale_t) 0);
	if (locale == (locale_t) 0)
		return false;
	freelocale(locale);
	return true;
}

/* Takes the sentence. */
static void
add(char **text, char *sentence)
{
	char	   *more = mem_printf("%s%s%s", *text, (*text)[0] != '\0' ? " " : "", sentence);

	free(sentence);
	free(*text);
	*text = more;
}
