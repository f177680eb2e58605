/*
 * recovery_end.c
 *
 * Finds out how far a recovery got, from what PostgreSQL writes at its end and
 * without a connection to it.
 */
#include "restore/recovery_end.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barman/lsn.h"
#include "barman/timeline.h"
#include "base/files.h"
#include "base/memory.h"
#include "restore/instance_files.h"

/* PostgreSQL reports the end of recovery in the last few lines. */
#define LOG_READ 65536

static void read_history(const char *directory, Recovery *recovery);
static char *last_time(const char *log);

void
recovery_read(const char *directory, const char *end_time, Recovery *recovery)
{
	char *path = mem_printf("%s/" INSTANCE_LOG, directory);
	char *log = files_tail(path, LOG_READ);

	recovery->time = last_time(log);
	if (recovery->time == NULL)
		recovery->time = mem_strdup(end_time);
	free(log);
	free(path);

	path = mem_printf("%s/" INSTANCE_DATA "/pg_wal", directory);
	read_history(path, recovery);
	free(path);
}

/*
 * The history of the new timeline has the position at which it began: the end
 * of what was replayed.
 */
static void
read_history(const char *directory, Recovery *recovery)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char *path;
	TimelinePart *parts;
	size_t count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		unsigned int timeline;
		int used = 0;

		if (sscanf(entry->d_name, "%8X.history%n", &timeline, &used) == 1 && used == 16 &&
			entry->d_name[used] == '\0' && (int) timeline > recovery->timeline)
			recovery->timeline = (int) timeline;
	}
	if (dir != NULL)
		closedir(dir);
	path = mem_printf("%s/%08X.history", directory, (unsigned int) recovery->timeline);
	parts = recovery->timeline != 0 ? timeline_read(path, &count) : NULL;
	if (count > 0)
	{
		char text[LSN_SIZE];

		free(recovery->lsn);
		recovery->lsn = mem_strdup(lsn_text(parts[count - 1].end, text));
		recovery->parent = parts[count - 1].timeline;
	}
	free(parts);
	free(path);
}

/* "... was at log time 2026-11-22 08:41:09.943094+00", always in UTC */
static char *
last_time(const char *log)
{
	static const char words[] = "last completed transaction was at log time ";
	const char *found = NULL;
	int year, month, day, hour, minute;
	double second;

	while ((log = strstr(log, words)) != NULL)
	{
		log += strlen(words);
		found = log;
	}
	if (found == NULL ||
		sscanf(found, "%d-%d-%d %d:%d:%lf", &year, &month, &day, &hour, &minute, &second) != 6)
		return NULL;
	return mem_printf("%04d-%02d-%02dT%02d:%02d:%09.6fZ", year, month, day, hour, minute, second);
}
