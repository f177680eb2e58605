/*
 * named_points.c
 *
 * PostgreSQL stops at the first restore point of a name, and several may have
 * the same name.  Counts them in the WAL that Barman has copied; never fails a
 * restore.
 */
#include "restore/named_points.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/settings.h"
#include "base/timestamp.h"
#include "restore/caged_run.h"
#include "restore/received_wal.h"
#include "restore/segment_name.h"
#include "restore/timeline_path.h"

/* pg_waldump reads some hundred segments a second; a longer scan is not worth it. */
#define SCAN_MS 30000

static char **segments_from(Restore *restore, const char *directory, size_t *count);
static size_t keep_newest(char **names, size_t count);
static int compare_names(const void *a, const void *b);
static void report(Restore *restore, int count, const char *first, bool whole);
static void points_in(const char *text, const char *name, int *count, char first[24]);

bool
restore_count_points(Restore *restore)
{
	int64_t deadline = monotonic_ms() + SCAN_MS;
	char *program;
	char *directory;
	char **names;
	size_t n;
	size_t i;
	char first[24] = "";
	int count = 0;
	bool whole = true;

	if (restore->target.name == NULL)
		return true;
	program = mem_printf("%s/pg_waldump", settings.pg_bindir);
	directory = restore_wal_directory(restore);
	names = segments_from(restore, directory, &n);
	for (i = 0; i < n && whole && !job_cancelled(restore->job); i++)
	{
		char *path = mem_printf("%s/%s", directory, names[i]);
		const char *argv[] = {program, "--rmgr=XLOG", path, NULL};
		RunResult result;

		/* pg_waldump fails at the end of the WAL, so its exit code says nothing */
		caged_run(restore->job, directory, false, argv, NULL, SCAN_MS, &result);
		whole = result.outcome == RUN_EXITED && monotonic_ms() < deadline;
		if (result.outcome == RUN_EXITED)
			points_in(result.out, restore->target.name, &count, first);
		runner_free(&result);
		free(path);
	}
	if (!job_cancelled(restore->job))
		report(restore, count, first, whole && n > 0);
	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
	free(directory);
	free(program);
	return !job_cancelled(restore->job);
}

static void
report(Restore *restore, int count, const char *first, bool whole)
{
	const char *name = restore->target.name;

	if (!whole)
		job_log(restore->job, JOB_WARNING,
				"no mark \"%s\" is known where the restore was asked for: PostgreSQL stops at the first restore point of this name; how many there are in the archived WAL is not known",
				name);
	else if (count == 0)
		job_log(restore->job, JOB_WARNING,
				"no mark \"%s\" is known where the restore was asked for, and no restore point of this name was found in the WAL from the backup on",
				name);
	else
		job_log(restore->job, count > 1 ? JOB_WARNING : JOB_INFO,
				"no mark \"%s\" is known where the restore was asked for: PostgreSQL stops at the first restore point of this name, at %s, of %d in the WAL from the backup on",
				name, first, count);
}

/*
 * Reads the output of pg_waldump: adds the restore points of a name to *count,
 * and stores the position of the first in an empty buffer.
 * "rmgr: XLOG ... lsn: 0/03018B48, prev 0/..., desc: RESTORE_POINT name"
 */
static void
points_in(const char *text, const char *name, int *count, char first[24])
{
	static const char words[] = "desc: RESTORE_POINT ";
	size_t length = strlen(name);

	while (text != NULL && *text != '\0')
	{
		const char *end = strchrnul(text, '\n');
		/* within the line: the primary may have written a long one */
		const char *found = memmem(text, (size_t) (end - text), words, strlen(words));
		const char *lsn = memmem(text, (size_t) (end - text), "lsn: ", 5);

		if (found != NULL && (size_t) (end - found) == strlen(words) + length &&
			strncmp(found + strlen(words), name, length) == 0)
		{
			if ((*count)++ == 0 && lsn != NULL)
			{
				size_t digits = strspn(lsn + 5, "0123456789ABCDEFabcdef/");

				memcpy(first, lsn + 5, digits < 23 ? digits : 23);
				first[digits < 23 ? digits : 23] = '\0';
			}
		}
		text = *end == '\n' ? end + 1 : end;
	}
}

/* The names of the segments that recovery reads, in that order */
static char **
segments_from(Restore *restore, const char *directory, size_t *count)
{
	const char *first = json_text_of(restore->backup, "begin_wal");
	int timeline = restore_timeline(restore);
	int64_t segment_size = restore_segment_size(restore->backup);
	char *history = mem_printf("%s/%08X.history", directory, (unsigned int) timeline);
	size_t part_count;
	TimelinePart *parts = timeline_read(history, &part_count);
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char **names = NULL;
	size_t size = 0;

	*count = 0;
	while (dir != NULL && (entry = readdir(dir)) != NULL)
	{
		if (strlen(entry->d_name) != 24 || strspn(entry->d_name, "0123456789ABCDEF") != 24 ||
			(first != NULL && strlen(first) == 24 && strcmp(entry->d_name + 8, first + 8) < 0) ||
			!restore_segment_is_on_way(parts, part_count, timeline, segment_size, entry->d_name))
			continue;
		if (*count == size)
		{
			size = size > 0 ? size * 2 : 64;
			names = mem_realloc(names, size * sizeof(char *));
		}
		names[(*count)++] = mem_strdup(entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	free(parts);
	free(history);
	if (names != NULL)
		qsort(names, *count, sizeof(char *), compare_names);
	*count = keep_newest(names, *count);
	return names;
}

/* For each position, keeps the name on the newest timeline, which has the WAL of the others */
static size_t
keep_newest(char **names, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
	{
		if (i + 1 < count && strcmp(names[i] + 8, names[i + 1] + 8) == 0)
			free(names[i]);
		else
			names[kept++] = names[i];
	}
	return kept;
}

static int
compare_names(const void *a, const void *b)
{
	const char *one = *(char *const *) a;
	const char *other = *(char *const *) b;
	int order = strcmp(one + 8, other + 8);

	return order != 0 ? order : strcmp(one, other);
}
