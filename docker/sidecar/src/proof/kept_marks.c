/*
 * kept_marks.c
 *
 * Keeps the marks of databases in the state directory: two files for each, so
 * that a list of marks need not read the tables of all of them.  No mark is
 * overwritten by another: who holds the token of a primary cannot change what
 * its marks have said.
 */
#include "proof/kept_marks.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"

#define FACTS_SUFFIX ".mark"
#define ALL_SUFFIX	 ".tables"

/* Of a server; then the oldest goes. */
#define MARKS_MAX 2000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *root;

static int write_both(const char *directory, const KeptMark *mark);
static char *directory_of(const char *server);
static int write_json(const char *directory, const char *key, const char *suffix,
					  const json_t *value);
static json_t *read_json(const char *directory, const char *key, const char *suffix);
static char *key_of(const KeptMark *mark);
static json_t *read_all(const char *directory);
static size_t count_files(const char *directory);
static void remove_oldest(const char *directory);
static bool is_newer(const json_t *mark, const json_t *than);

void
kept_marks_start(const char *state_dir)
{
	root = mem_printf("%s/marks", state_dir);
}

void
kept_marks_stop(void)
{
	free(root);
	root = NULL;
}

int
kept_marks_write(const char *server, const KeptMark *mark)
{
	char *directory = directory_of(server);
	int error = 0;

	pthread_mutex_lock(&lock);
	if ((mkdir(root, 0700) != 0 && errno != EEXIST) ||
		(mkdir(directory, 0700) != 0 && errno != EEXIST))
		error = errno;
	else
		error = write_both(directory, mark);
	pthread_mutex_unlock(&lock);
	free(directory);
	return error;
}

/* The tables first: a mark that is listed is there. */
static int
write_both(const char *directory, const KeptMark *mark)
{
	char *key = key_of(mark);
	json_t *facts = json_checked(json_deep_copy(mark->facts));
	json_t *kept = read_json(directory, key, ALL_SUFFIX);
	int error = 0;

	json_object_set_new(facts, "key", json_text(key));
	if (kept != NULL && !json_equal(kept, mark->all))
		error = EEXIST;
	else if (kept == NULL)
	{
		remove_oldest(directory);
		error = write_json(directory, key, ALL_SUFFIX, mark->all);
	}
	if (error == 0)
		error = write_json(directory, key, FACTS_SUFFIX, facts);
	json_decref(kept);
	json_decref(facts);
	free(key);
	return error;
}

json_t *
kept_marks_list(const char *server)
{
	char *directory = directory_of(server);
	json_t *list = read_all(directory);

	free(directory);
	return list;
}

json_t *
kept_marks_find(const char *server, const char *name, const char *system_identifier)
{
	char *directory = directory_of(server);
	json_t *list = kept_marks_list(server);
	const json_t *found = NULL;
	json_t *mark = NULL;
	json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
	{
		if (json_text_is(one, "name", name) &&
			(system_identifier == NULL || json_text_is(one, "system_identifier", system_identifier)) &&
			(found == NULL || is_newer(one, found)))
			found = one;
	}
	if (found != NULL)
		mark = read_json(directory, json_text_of(found, "key"), ALL_SUFFIX);
	json_decref(list);
	free(directory);
	return mark;
}

/* malloc'd; the name of a server is none of a path (base/names.h) */
static char *
directory_of(const char *server)
{
	return mem_printf("%s/%s", root, server);
}

static int
write_json(const char *directory, const char *key, const char *suffix, const json_t *value)
{
	char *path = mem_printf("%s/%s%s", directory, key, suffix);
	char *text = json_dumps(value, JSON_COMPACT);
	int error = text != NULL ? files_write(path, text) : ENOMEM;

	free(text);
	free(path);
	return error;
}

/* However many tables it has; NULL if it is not there */
static json_t *
read_json(const char *directory, const char *key, const char *suffix)
{
	char *path = mem_printf("%s/%s%s", directory, key, suffix);
	json_t *value = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);

	free(path);
	return value;
}

/* malloc'd; the parts are letters, digits, and what the name of a mark may have */
static char *
key_of(const KeptMark *mark)
{
	return mem_printf("%s_%016" PRIX64 "_%s", mark->system_identifier, mark->lsn, mark->name);
}

/* A file is there as a whole, or not at all. */
static json_t *
read_all(const char *directory)
{
	json_t *list = json_checked(json_array());
	DIR *files = opendir(directory);

	for (struct dirent *file; files != NULL && (file = readdir(files)) != NULL;)
	{
		size_t length = strlen(file->d_name);
		size_t suffix = strlen(FACTS_SUFFIX);
		char *path;
		json_t *one;

		if (length <= suffix || strcmp(file->d_name + length - suffix, FACTS_SUFFIX) != 0)
			continue;
		path = mem_printf("%s/%s", directory, file->d_name);
		one = files_json(path);
		if (json_is_object(one) && json_text_of(one, "key") != NULL)
			json_array_append(list, one);
		json_decref(one);
		free(path);
	}
	if (files != NULL)
		closedir(files);
	return list;
}

static size_t
count_files(const char *directory)
{
	DIR *files = opendir(directory);
	size_t count = 0;

	for (struct dirent *file; files != NULL && (file = readdir(files)) != NULL;)
		count += file->d_name[0] != '.' ? 1 : 0;
	if (files != NULL)
		closedir(files);
	return count;
}

/* If there is no room for one more */
static void
remove_oldest(const char *directory)
{
	json_t *list;
	const json_t *oldest = NULL;
	const json_t *one;
	size_t i;

	/* two files each; only then all of them are read */
	if (count_files(directory) < 2 * MARKS_MAX)
		return;
	list = read_all(directory);
	json_array_foreach (list, i, one)
	{
		if (oldest == NULL || is_newer(oldest, one))
			oldest = one;
	}
	if (oldest != NULL)
	{
		static const char *const suffixes[] = {FACTS_SUFFIX, ALL_SUFFIX};

		for (size_t j = 0; j < sizeof(suffixes) / sizeof(suffixes[0]); j++)
		{
			char *path = mem_printf("%s/%s%s", directory, json_text_of(oldest, "key"), suffixes[j]);

			(void) unlink(path);
			free(path);
		}
	}
	json_decref(list);
}

/* Times are written alike: the later is the greater text. */
static bool
is_newer(const json_t *mark, const json_t *than)
{
	const char *at = json_text_of(mark, "at");
	const char *other = json_text_of(than, "at");

	return strcmp(at != NULL ? at : "", other != NULL ? other : "") > 0;
}
