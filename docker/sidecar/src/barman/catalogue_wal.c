/*
 * catalogue_wal.c
 *
 * The WAL that Barman has, by file names.  Does not read the contents.
 */
#include "barman/catalogue.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

static const char hexadecimal[] = "0123456789ABCDEF";

static char *newest_of(const char *server, int timeline, const char *suffix);
static char *extreme_wal(const char *server, const char *prefix, const char *suffix, bool last);
static char *extreme_name(const char *path, const char *prefix, size_t digits, const char *suffix,
						  bool last);
static int newest_history_in(const char *path);

bool
catalogue_has_wal(const char *server, const char *wal_file)
{
	char *path = catalogue_wal_path(server, wal_file);
	struct stat ignored;
	bool found = path != NULL && stat(path, &ignored) == 0;

	free(path);
	return found;
}

char *
catalogue_wal_path(const char *server, const char *wal_file)
{
	char *wals = catalogue_directory(server, "wals");
	char *path;

	if (wals == NULL)
		return NULL;
	path = mem_printf("%s/%.16s/%s", wals, wal_file, wal_file);
	free(wals);
	return path;
}

char *
catalogue_newest_wal(const char *server, int timeline)
{
	return newest_of(server, timeline, "");
}

char *
catalogue_newest_partial(const char *server, int timeline)
{
	return newest_of(server, timeline, ".partial");
}

static char *
newest_of(const char *server, int timeline, const char *suffix)
{
	char prefix[9];

	snprintf(prefix, sizeof(prefix), "%08X", (unsigned int) timeline);
	return extreme_wal(server, prefix, suffix, true);
}

char *
catalogue_extreme_wal(const char *server, bool last)
{
	return extreme_wal(server, "", "", last);
}

/* Among names with this prefix, in the first or last directory of the archive */
static char *
extreme_wal(const char *server, const char *prefix, const char *suffix, bool last)
{
	char *wals = catalogue_directory(server, "wals");
	char *log = wals != NULL ? extreme_name(wals, prefix, 16, "", last) : NULL;
	char *path;
	char *name = NULL;

	if (log != NULL)
	{
		path = mem_printf("%s/%s", wals, log);
		name = extreme_name(path, log, 24, suffix, last);
		free(path);
	}
	free(log);
	free(wals);
	return name;
}

int
catalogue_newest_history(const char *server)
{
	char *wals = catalogue_directory(server, "wals");
	int newest = newest_history_in(wals);

	free(wals);
	return newest;
}

int
catalogue_received_history(const char *server)
{
	int newest = 0;

	for (const char *const *area = catalogue_received_areas; *area != NULL; area++)
	{
		char *path = catalogue_directory(server, *area);
		int here = newest_history_in(path);

		newest = here > newest ? here : newest;
		free(path);
	}
	return newest;
}

static int
newest_history_in(const char *path)
{
	DIR *dir = path != NULL ? opendir(path) : NULL;
	struct dirent *entry;
	int newest = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strlen(entry->d_name) == 16 && strcmp(entry->d_name + 8, ".history") == 0 &&
			strspn(entry->d_name, hexadecimal) == 8)
		{
			int timeline = (int) strtol(entry->d_name, NULL, 16);

			if (timeline > newest)
				newest = timeline;
		}
	}
	if (dir != NULL)
		closedir(dir);
	return newest;
}

bool
catalogue_waits(const char *server)
{
	bool waits = catalogue_received_history(server) != 0;

	for (const char *const *area = catalogue_received_areas; !waits && *area != NULL; area++)
	{
		char *path = catalogue_directory(server, *area);
		char *name = path != NULL ? extreme_name(path, "", 24, "", true) : NULL;

		waits = name != NULL;
		free(name);
		free(path);
	}
	return waits;
}

/* malloc'd: the first or last name with prefix that consists of so many hex digits and suffix */
static char *
extreme_name(const char *path, const char *prefix, size_t digits, const char *suffix, bool last)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char *found = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strspn(entry->d_name, hexadecimal) == digits &&
			strcmp(entry->d_name + digits, suffix) == 0 &&
			strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
			(found == NULL || (strcmp(entry->d_name, found) > 0) == last))
		{
			free(found);
			found = mem_strdup(entry->d_name);
		}
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}
