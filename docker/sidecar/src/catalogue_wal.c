/*
 * catalogue_wal.c
 *
 * What WAL Barman has, by the names of its files.  Never reads what is in
 * them.
 */
#include "catalogue.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "memory.h"

static const char hexadecimal[] = "0123456789ABCDEF";

static char *extreme_wal(const char *server, const char *prefix, bool last);
static char *extreme_name(const char *path, const char *prefix, size_t digits, bool last);

bool
catalogue_has_wal(const char *server, const char *wal_file)
{
	char	   *wals = catalogue_directory(server, "wals");
	char	   *path;
	struct stat ignored;
	bool		found;

	if (wals == NULL)
		return false;
	path = mem_printf("%s/%.16s/%s", wals, wal_file, wal_file);
	found = stat(path, &ignored) == 0;
	free(path);
	free(wals);
	return found;
}

char *
catalogue_newest_wal(const char *server, int timeline)
{
	char		prefix[9];

	snprintf(prefix, sizeof(prefix), "%08X", (unsigned int) timeline);
	return extreme_wal(server, prefix, true);
}

char *
catalogue_extreme_wal(const char *server, bool last)
{
	return extreme_wal(server, "", last);
}

/* Of those that begin so: in the first or last of the directories of the archive */
static char *
extreme_wal(const char *server, const char *prefix, bool last)
{
	char	   *wals = catalogue_directory(server, "wals");
	char	   *log = wals != NULL ? extreme_name(wals, prefix, 16, last) : NULL;
	char	   *path;
	char	   *name = NULL;

	if (log != NULL)
	{
		path = mem_printf("%s/%s", wals, log);
		name = extreme_name(path, log, 24, last);
		free(path);
	}
	free(log);
	free(wals);
	return name;
}

int
catalogue_newest_history(const char *server)
{
	char	   *wals = catalogue_directory(server, "wals");
	DIR		   *dir = wals != NULL ? opendir(wals) : NULL;
	struct dirent *entry;
	int			newest = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strlen(entry->d_name) == 16 && strcmp(entry->d_name + 8, ".history") == 0 &&
			strspn(entry->d_name, hexadecimal) == 8)
		{
			int			timeline = (int) strtol(entry->d_name, NULL, 16);

			if (timeline > newest)
				newest = timeline;
		}
	}
	if (dir != NULL)
		closedir(dir);
	free(wals);
	return newest;
}

bool
catalogue_waits(const char *server)
{
	char	   *streaming = catalogue_directory(server, "streaming");
	char	   *name = streaming != NULL ? extreme_name(streaming, "", 24, true) : NULL;
	bool		waits = name != NULL;

	free(name);
	free(streaming);
	return waits;
}

/* malloc'd: the first or last of the names of so many hexadecimal digits that begin so */
static char *
extreme_name(const char *path, const char *prefix, size_t digits, bool last)
{
	DIR		   *dir = opendir(path);
	struct dirent *entry;
	char	   *found = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strlen(entry->d_name) == digits && strspn(entry->d_name, hexadecimal) == digits &&
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
