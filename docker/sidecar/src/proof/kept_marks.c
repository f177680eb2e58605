/*
 * kept_marks.c
 *
 * Keeps the marks of databases in the state directory: two files for each, its facts
 * and all of it.  The facts are in memory as well, for whoever lists marks waits for no
 * file.  Who holds the token of a primary cannot change what its marks have said: none
 * is overwritten, none of the last month makes room for another, and what orders them
 * is when they came.
 */
#include "proof/kept_marks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/timestamp.h"

#define FACTS_SUFFIX ".mark"
#define ALL_SUFFIX	 ".tables"

/* Of a server; then the oldest goes, if it is old enough. */
#define MARKS_MAX  2000
#define BYTES_MAX  (INT64_C(256) * 1024 * 1024)
#define KEEP_US	   (INT64_C(86400) * 1000000 * KEPT_MARK_DAYS)
#define KEY_LENGTH 128

/* Who writes holds it, however long that takes. */
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;
static char *root;

/*
 * The list of each server.  One is replaced and never changed: others read it without the
 * lock, which nobody holds while the disk is slow.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *lists;

static int write_both(const char *server, const char *directory, const KeptMark *mark);
static json_t *list_of(const char *server);
static void list_more(const char *server, json_t *facts);
static void list_no_more(const char *server, size_t which);
static void replace_list(const char *server, json_t *list);
static char *directory_of(const char *server);
static int write_json(const char *directory, const char *key, const char *suffix,
					  const json_t *value);
static json_t *read_json(const char *directory, const char *key, const char *suffix);
static char *key_of(const KeptMark *mark);
static json_t *read_all(const char *directory);
static bool is_full(const char *directory);
static int make_room(const char *server, const char *directory);
static void remove_both(const char *directory, const char *key);
static bool came_before(const json_t *mark, const json_t *than);

void
kept_marks_start(const char *state_dir)
{
	DIR *servers;

	root = mem_printf("%s/marks", state_dir);
	lists = json_checked(json_object());
	servers = opendir(root);
	for (struct dirent *server; servers != NULL && (server = readdir(servers)) != NULL;)
	{
		char *directory;

		if (server->d_name[0] == '.')
			continue;
		directory = directory_of(server->d_name);
		json_object_set_new(lists, server->d_name, read_all(directory));
		free(directory);
	}
	if (servers != NULL)
		closedir(servers);
}

void
kept_marks_stop(void)
{
	free(root);
	root = NULL;
	json_decref(lists);
	lists = NULL;
}

int
kept_marks_write(const char *server, const KeptMark *mark)
{
	char *directory = directory_of(server);
	int error = 0;

	pthread_mutex_lock(&write_lock);
	if ((mkdir(root, 0700) != 0 && errno != EEXIST) ||
		(mkdir(directory, 0700) != 0 && errno != EEXIST))
		error = errno;
	else
		error = write_both(server, directory, mark);
	pthread_mutex_unlock(&write_lock);
	free(directory);
	return error;
}

/* The tables first: a mark that is listed is there. */
static int
write_both(const char *server, const char *directory, const KeptMark *mark)
{
	char *key = key_of(mark);
	json_t *kept = read_json(directory, key, ALL_SUFFIX);
	json_t *told = read_json(directory, key, FACTS_SUFFIX);
	json_t *facts = json_checked(json_deep_copy(mark->facts));
	json_t *all = json_checked(json_pack("{s:O}", "mark", mark->all));
	char now[TIMESTAMP_LENGTH];
	int error = 0;

	timestamp_format(timestamp_now(), now);
	json_object_set_new(facts, "key", json_text(key));
	json_object_set_new(facts, "kept", json_text(now));
	if (kept != NULL && !json_equal(kept, all))
		error = EEXIST;
	else if (kept == NULL && (error = make_room(server, directory)) == 0)
		error = write_json(directory, key, ALL_SUFFIX, all);
	/* the same once more came when it came first */
	if (error == 0 && (kept == NULL || told == NULL))
	{
		error = write_json(directory, key, FACTS_SUFFIX, facts);
		if (error == 0)
			list_more(server, facts);
	}
	json_decref(kept);
	json_decref(told);
	json_decref(facts);
	json_decref(all);
	free(key);
	return error;
}

json_t *
kept_marks_list(const char *server)
{
	json_t *list;

	pthread_mutex_lock(&lock);
	list = json_incref(list_of(server));
	pthread_mutex_unlock(&lock);
	return list;
}

int
kept_marks_open(const char *server, const char *key, size_t *length)
{
	char *path;
	struct stat facts;
	int file;

	if (key[0] == '.' || strchr(key, '/') != NULL || strlen(key) > KEY_LENGTH)
		return -1;
	path = mem_printf("%s/%s/%s" ALL_SUFFIX, root, server, key);
	file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	free(path);
	if (file >= 0 && (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)))
	{
		close(file);
		file = -1;
	}
	if (file >= 0)
		*length = (size_t) facts.st_size;
	return file;
}

/* Borrowed; with the lock */
static json_t *
list_of(const char *server)
{
	if (json_object_get(lists, server) == NULL)
		json_object_set_new(lists, server, json_checked(json_array()));
	return json_object_get(lists, server);
}

static void
list_more(const char *server, json_t *facts)
{
	json_t *old = kept_marks_list(server);
	json_t *list = json_checked(json_copy(old));

	json_array_append(list, facts);
	replace_list(server, list);
	json_decref(old);
}

static void
list_no_more(const char *server, size_t which)
{
	json_t *old = kept_marks_list(server);
	json_t *list = json_checked(json_copy(old));

	json_array_remove(list, which);
	replace_list(server, list);
	json_decref(old);
}

/* Takes ownership of the list. */
static void
replace_list(const char *server, json_t *list)
{
	pthread_mutex_lock(&lock);
	json_object_set_new(lists, server, list);
	pthread_mutex_unlock(&lock);
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
		if (json_is_object(one) && json_text_of(one, "key") != NULL &&
			json_text_of(one, "kept") != NULL)
			json_array_append(list, one);
		json_decref(one);
		free(path);
	}
	if (files != NULL)
		closedir(files);
	return list;
}

/* Two files for each: only when there are many the list is read. */
static bool
is_full(const char *directory)
{
	FilesSize size = directory_size(directory);

	return size.files >= 2 * MARKS_MAX || size.bytes >= BYTES_MAX;
}

/* Returns errno. */
static int
make_room(const char *server, const char *directory)
{
	while (is_full(directory))
	{
		json_t *list = kept_marks_list(server);
		const json_t *oldest = NULL;
		const json_t *one;
		size_t which = 0;
		bool is_young;
		int64_t came;
		size_t i;

		json_array_foreach (list, i, one)
		{
			if (oldest == NULL || came_before(one, oldest))
			{
				oldest = one;
				which = i;
			}
		}
		is_young = oldest == NULL || (timestamp_parse(json_text_of(oldest, "kept"), &came) &&
									  came >= timestamp_now() - KEEP_US);
		if (!is_young)
		{
			remove_both(directory, json_text_of(oldest, "key"));
			list_no_more(server, which);
		}
		json_decref(list);
		if (is_young)
			return ENOSPC;
	}
	return 0;
}

static void
remove_both(const char *directory, const char *key)
{
	static const char *const suffixes[] = {FACTS_SUFFIX, ALL_SUFFIX};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
	{
		char *path = mem_printf("%s/%s%s", directory, key, suffixes[i]);

		(void) unlink(path);
		free(path);
	}
}

/* Times are written alike: the earlier is the smaller text. */
static bool
came_before(const json_t *mark, const json_t *than)
{
	return strcmp(json_text_of(mark, "kept"), json_text_of(than, "kept")) < 0;
}
