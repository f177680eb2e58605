/*
 * process_limit.c
 *
 * What systemd (TasksMax) or a container engine lets the sidecar have holds for all
 * that it starts.  A restored server that took all of it would end Barman's backups,
 * and could not be dropped: that takes a thread.
 */
#include "restore/process_limit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"

/* What is left to the sidecar and Barman, of a small limit the half */
#define LEFT_MAX 1024

static long least_on_path(const char *root, const char *mount, char *path, long least);
static bool names_pids(const char *controllers);

long
process_limit(const char *root)
{
	/* not "self", which is a link */
	char *file = mem_printf("%s/proc/%d/cgroup", root, (int) getpid());
	char *text = files_read(file);
	char *rest = text;
	char *line;
	long least = 2 * PROCESSES_MAX;
	long left;

	/* HIERARCHY:CONTROLLERS:PATH, the controllers of version 2 are none */
	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL)
	{
		const char *hierarchy = strsep(&line, ":");
		const char *controllers = strsep(&line, ":");

		if (line == NULL)
			continue;
		if (strcmp(hierarchy, "0") == 0 && controllers[0] == '\0')
			least = least_on_path(root, "/sys/fs/cgroup", line, least);
		else if (names_pids(controllers))
			least = least_on_path(root, "/sys/fs/cgroup/pids", line, least);
	}
	free(text);
	free(file);
	left = least / 2 < LEFT_MAX ? least / 2 : LEFT_MAX;
	return least - left < PROCESSES_MAX ? least - left : PROCESSES_MAX;
}

/* Each group above limits it as well; in a container those that are not seen are not there. */
static long
least_on_path(const char *root, const char *mount, char *path, long least)
{
	for (;;)
	{
		char *file = mem_printf("%s%s%s/pids.max", root, mount, strcmp(path, "/") == 0 ? "" : path);
		char *text = files_read(file);
		char *slash = strrchr(path, '/');
		long limit = text != NULL ? strtol(text, NULL, 10) : 0;

		/* "max" is none */
		if (limit > 0 && limit < least)
			least = limit;
		free(text);
		free(file);
		if (path[0] == '\0' || slash == NULL)
			return least;
		*slash = '\0';
	}
}

static bool
names_pids(const char *controllers)
{
	while (*controllers != '\0')
	{
		size_t length = strcspn(controllers, ",");

		if (length == strlen("pids") && strncmp(controllers, "pids", length) == 0)
			return true;
		controllers += length + (controllers[length] == ',');
	}
	return false;
}
