/*
 * configuration.c
 *
 * Notices that Barman's configuration was written, so that a server that was
 * just added is there at once.  What stands in it Barman alone reads, but for
 * where its other files are.
 */
#include "configuration.h"

#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "memory.h"
#include "timestamp.h"

#define LINE_MAX_BYTES 4096

static uint64_t look(const char *path);
static char *where_it_is(const char *path);
static char *directory_of(const char *main_file, uint64_t sum);
static char *directory_in(const char *path);
static uint64_t add_file(uint64_t sum, const char *path);

/* Looks once in a millisecond: a busy sidecar is asked a hundred times meanwhile. */
uint64_t
configuration_signature(const char *path)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int64_t looked = -1;
	static uint64_t seen;
	int64_t		now = monotonic_ms();
	uint64_t	signature;

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

static uint64_t
look(const char *path)
{
	char	   *main_file = where_it_is(path);
	uint64_t	sum = add_file(0, main_file);
	char	   *directory = sum != 0 ? directory_of(main_file, sum) : NULL;
	DIR		   *dir = directory != NULL ? opendir(directory) : NULL;
	struct dirent *entry;

	/* a sum, because a directory has no order */
	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		char	   *one;

		if (entry->d_name[0] == '.')
			continue;
		one = mem_printf("%s/%s", directory, entry->d_name);
		sum = add_file(sum, one);
		free(one);
	}
	if (dir != NULL)
		closedir(dir);
	free(directory);
	free(main_file);
	return sum;
}

/* Reads the file only if it is another one than the last time */
static char *
directory_of(const char *main_file, uint64_t sum)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t read_sum;
	static char *read_directory;
	char	   *directory;

	pthread_mutex_lock(&lock);
	if (sum != read_sum)
	{
		free(read_directory);
		read_directory = directory_in(main_file);
		read_sum = sum;
	}
	directory = read_directory != NULL ? mem_strdup(read_directory) : NULL;
	pthread_mutex_unlock(&lock);
	return directory;
}

static char *
where_it_is(const char *path)
{
	const char *home = getenv("HOME");
	struct stat facts;
	char	   *mine;

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
	FILE	   *file = fopen(path, "re");
	char		line[LINE_MAX_BYTES];
	char	   *directory = NULL;

	while (file != NULL && directory == NULL && fgets(line, sizeof(line), file) != NULL)
	{
		char	   *value = line + strlen(key);
		size_t		length;

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

static uint64_t
add_file(uint64_t sum, const char *path)
{
	struct stat facts;
	uint64_t	hash = UINT64_C(14695981039346656037);
	uint64_t	parts[4];

	if (stat(path, &facts) != 0)
		return sum;
	parts[0] = (uint64_t) facts.st_ino;
	parts[1] = (uint64_t) facts.st_size;
	parts[2] = (uint64_t) facts.st_mtim.tv_sec;
	parts[3] = (uint64_t) facts.st_mtim.tv_nsec;
	for (size_t i = 0; i < 4; i++)
		hash = (hash ^ parts[i]) * UINT64_C(1099511628211);
	return sum + hash;
}
