/*
 * host_fits.c
 *
 * Compares what the primary reports, locales above all, with Barman's host, so
 * that a mismatch is known before hours of copying.  Never stores a name that
 * the primary sent.
 */
#include "restore/host_fits.h"

#include <ctype.h>
#include <gnu/libc-version.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "restore/failure_cause.h"
#include "restore/server_process.h"

/* Stands for PostgreSQL's own library directory in functions in C */
#define LIBDIR "$libdir/"

/* More sentences of this kind would not be read. */
#define NOTES_MAX 3

/* Age of the list at most, so that a new locale is soon found */
#define LIST_AGE_MS 10000

static bool has_locale(const char *name);
static json_t *locales_here(void);
static char *plain_locale(const char *name);
static char *missing_here(const PrimaryLocale *locale);
static char *libraries_missing(const TextList *libraries);
static char *library_directory(void);
static void add(char **text, char *sentence);

bool
restore_host_serves(Restore *restore)
{
	const PrimaryFacts *primary = &restore->request->primary;
	bool good = true;

	for (size_t i = 0; i < primary->locale_count; i++)
	{
		const PrimaryLocale *locale = &primary->locales[i];
		char *words = missing_here(locale);

		if (words != NULL && restore->is_drill && locale->needed)
			good = restore_fail(restore, BARMAN_WRONG_STATE, words,
								"Install the locale on Barman's host: of Debian by \"dpkg-reconfigure locales\", or from the package locales-all.",
								"locale \"%s\" is missing on Barman's host", locale->name);
		else if (words != NULL)
			job_log(restore->job, JOB_WARNING, "locale \"%s\" is missing on Barman's host: %s",
					locale->name, words);
		free(words);
		if (!good)
			break;
	}
	if (good)
	{
		char *words = libraries_missing(&primary->libraries);

		if (words != NULL)
			job_log(restore->job, JOB_WARNING, "%s", words);
		free(words);
	}
	return good;
}

char *
restore_host_notes(const Restore *restore)
{
	const PrimaryFacts *primary = &restore->request->primary;
	const char *here = gnu_get_libc_version();
	char *text = mem_strdup("");
	char *libraries;
	int notes = 0;

	for (size_t i = 0; i < primary->locale_count; i++)
	{
		const PrimaryLocale *locale = &primary->locales[i];

		if (notes < NOTES_MAX && !has_locale(locale->name))
		{
			add(&text, missing_here(locale));
			notes++;
		}
		else if (notes < NOTES_MAX && locale->version != NULL && strcmp(locale->version, here) != 0)
		{
			add(&text,
				mem_printf("%s sorts by glibc %s, and this host has %s: here indexes of text may seem corrupt that are not.",
						   locale->of, locale->version, here));
			notes = NOTES_MAX; /* the others would say the same */
		}
	}
	libraries = libraries_missing(&primary->libraries);
	if (libraries != NULL)
		add(&text, libraries);
	return text;
}

/*
 * malloc'd: which of these libraries PostgreSQL lacks here; NULL if none, or
 * if that is not known
 */
static char *
libraries_missing(const TextList *libraries)
{
	char *directory = library_directory();
	char *names = NULL;
	char *words;

	for (size_t i = 0; i < libraries->count; i++)
	{
		const char *name = libraries->texts[i];
		char *path;
		char *longer;

		if (directory == NULL || strncmp(name, LIBDIR, strlen(LIBDIR)) != 0)
			continue;
		name += strlen(LIBDIR);
		if (name[0] == '.' ||
			name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] !=
				'\0')
			continue;
		path = mem_printf("%s/%s%s", directory, name,
						  strlen(name) > 3 && strcmp(name + strlen(name) - 3, ".so") == 0 ? ""
																						  : ".so");
		if (access(path, F_OK) != 0)
		{
			longer = mem_printf("%s%s%s", names != NULL ? names : "", names != NULL ? ", " : "",
								name);
			free(names);
			names = longer;
		}
		free(path);
	}
	free(directory);
	words = names == NULL
				? NULL
				: mem_printf("PostgreSQL on Barman's host lacks libraries that functions of the primary are in: %s. What needs them cannot be read in the restored server; install the same extensions there.",
							 names);
	free(names);
	return words;
}

/* malloc'd: library directory of PostgreSQL here, as packages or its sources install it; or NULL */
static char *
library_directory(void)
{
	static const char *const places[] = {"../lib", "../lib/postgresql", "../lib64",
										 "../lib64/postgresql"};

	for (size_t i = 0; settings.pg_bindir != NULL && i < sizeof(places) / sizeof(places[0]); i++)
	{
		char *directory = mem_printf("%s/%s", settings.pg_bindir, places[i]);
		char *path = mem_printf("%s/plpgsql.so", directory);
		bool is = access(path, F_OK) == 0;

		free(path);
		if (is)
			return directory;
		free(directory);
	}
	return NULL;
}

/* NULL if it is not missing */
static char *
missing_here(const PrimaryLocale *locale)
{
	if (has_locale(locale->name))
		return NULL;
	return mem_printf("%s cannot be used on a server that is restored here, for it has locale \"%s\".",
					  locale->of, locale->name);
}

/*
 * Looks in the list of installed locales: newlocale() would keep each name
 * that it is asked for, and a caller may invent names.
 */
static bool
has_locale(const char *name)
{
	char *plain = plain_locale(name);
	json_t *list = locales_here();

	/* without a list nothing is known; PostgreSQL and the C library always have C and POSIX */
	bool has = name[0] != '\0' && strchr(name, '/') == NULL &&
			   (json_object_size(list) == 0 || json_object_get(list, plain) != NULL ||
				strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0);

	json_decref(list);
	free(plain);
	return has;
}

/* {name as plain_locale() makes it: true}, for the caller to release; empty if not known */
static json_t *
locales_here(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static json_t *known;
	static int64_t known_at;
	json_t *list;

	pthread_mutex_lock(&lock);
	if (known == NULL || monotonic_ms() >= known_at + LIST_AGE_MS)
	{
		char *text = server_program("/usr/bin", "locale", "-a");
		char *rest = NULL;

		json_decref(known);
		known = json_checked(json_object());
		for (char *one = strtok_r(text, "\n", &rest); one != NULL; one = strtok_r(NULL, "\n", &rest))
		{
			char *plain = plain_locale(one);

			json_object_set_new_nocheck(known, plain, json_true());
			free(plain);
		}
		known_at = monotonic_ms();
		free(text);
	}
	list = json_checked(json_copy(known));
	pthread_mutex_unlock(&lock);
	return list;
}

/* malloc'd name with its codeset as the C library compares it: de_DE.UTF-8 is de_DE.utf8. */
static char *
plain_locale(const char *name)
{
	char *plain = mem_alloc(2 * strlen(name) + sizeof("iso"));
	size_t language = strcspn(name, ".@");
	const char *codeset = name[language] == '.' ? name + language + 1 : NULL;
	size_t length = codeset != NULL ? strcspn(codeset, "@") : 0;
	bool digits = true;
	size_t n = language;

	memcpy(plain, name, language);
	for (size_t i = 0; i < length; i++)
		digits = digits && !isalpha((unsigned char) codeset[i]);
	if (codeset != NULL)
	{
		plain[n++] = '.';
		if (digits)
		{
			memcpy(plain + n, "iso", 3);
			n += 3;
		}
		for (size_t i = 0; i < length; i++)
		{
			if (isalnum((unsigned char) codeset[i]))
				plain[n++] = (char) tolower((unsigned char) codeset[i]);
		}
	}
	strcpy(plain + n, codeset != NULL ? codeset + length : name + language);
	return plain;
}

/* Takes the sentence. */
static void
add(char **text, char *sentence)
{
	char *more = mem_printf("%s%s%s", *text, (*text)[0] != '\0' ? " " : "", sentence);

	free(sentence);
	free(*text);
	*text = more;
}
