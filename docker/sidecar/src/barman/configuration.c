/*
 * configuration.c
 *
 * Detects changes of Barman's configuration, so that a new server appears at
 * once.  Reads nothing from it except configuration_files_directory; Barman
 * reads the rest.
 */
#include "barman/configuration.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_hash.h"
#include "base/memory.h"
#include "base/timestamp.h"

#define LINE_MAX_BYTES 4096

static uint64_t look(const char *path);
static char *where_it_is(const char *path);
static char *directory_in(const char *path);

/* Checks once per millisecond: a busy sidecar calls this a hundred times meanwhile. */
uint64_t
configuration_signature(const char *path)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int64_t looked = -1;
	static uint64_t seen;
	int64_t now = monotonic_ms();
	uint64_t signature;

	pthread_mutex_lock(&lock);
	if (now != looked)
	{
		seen = look(path);
		looked = now;
	}
	signature = seen;
	pthread_mutex_unlock(&lock);
	return signature;
}

/* The caller holds the lock. */
static uint64_t
look(const char *path)
{
	static FileListing beside = {.suffix = ""};
	static uint64_t beside_which;
	char *main_file = where_it_is(path);
	struct stat facts;
	uint64_t hash = file_hash_stat(FILE_HASH_START, main_file, &facts);

	if (facts.st_ino == 0)
		hash = 0;
	else if (hash != beside_which)
	{
		file_listing_clear(&beside);
		free(beside.path);
		beside.path = directory_in(main_file);
		beside_which = hash;
	}
	free(main_file);
	return hash != 0 && beside.path != NULL ? file_hash_listing(hash, &beside) : hash;
}

static char *
where_it_is(const char *path)
{
	const char *home = getenv("HOME");
	struct stat facts;
	char *mine;

	if (path != NULL)
		return mem_strdup(path);
	mine = home != NULL ? mem_printf("%s/.barman.conf", home) : NULL;
	if (mine != NULL && stat(mine, &facts) == 0)
		return mine;
	free(mine);
	if (stat("/etc/barman.conf", &facts) == 0)
		return mem_strdup("/etc/barman.conf");
	return mem_strdup("/etc/barman/barman.conf");
}

static char *
directory_in(const char *path)
{
	static const char key[] = "configuration_files_directory";
	FILE *file = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	char *directory = NULL;

	while (file != NULL && directory == NULL && fgets(line, sizeof(line), file) != NULL)
	{
		char *value = line + strlen(key);
		size_t length;

		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		value += strspn(value, " \t");
		if (*value != '=' && *value != ':')
			continue;
		value++;
		value += strspn(value, " \t");
		length = strlen(value);
		while (length > 0 && isspace((unsigned char) value[length - 1]))
			value[--length] = '\0';
		directory = mem_strdup(value);
	}
	if (file != NULL)
		fclose(file);
	return directory;
}
