/*
 * xlogdb.c
 *
 * Reads xlog.db: "name size time compression", a line for each archived file.
 * Follows it line by line, because it may be long.
 */
#include "barman/xlogdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define LINE_SIZE 1024

static FILE *open_list(const char *server, const ArchiveListing *archive);

json_t *
xlogdb_missing(const char *server, const ArchiveListing *archive, size_t most)
{
	json_t *missing = json_checked(json_array());
	FILE *list = open_list(server, archive);
	char line[LINE_SIZE];
	double before = 0;

	while (list != NULL && json_array_size(missing) < most && fgets(line, sizeof(line), list) != NULL)
	{
		char name[SEGMENT_NAME_SIZE];
		double time;
		ArchivedSegment segment;

		if (sscanf(line, "%24s %*s %lf", name, &time) != 2 ||
			!archive_segment_of_name(archive, name, &segment))
			continue;
		if (!archive_has(archive, segment.timeline, segment.number))
			json_array_append_new(missing, json_checked(json_pack("{s:s, s:f}", "name", name,
																  "before", before)));
		if (time > before && time < 1e15)
			before = time;
	}
	if (list != NULL)
		fclose(list);
	return missing;
}

/* Since Barman 3.13.2 its name has that of the server. */
static FILE *
open_list(const char *server, const ArchiveListing *archive)
{
	char *path = mem_printf("%s/%s-xlog.db", archive->path, server);
	FILE *list = fopen(path, "re");

	free(path);
	if (list == NULL)
	{
		path = mem_printf("%s/xlog.db", archive->path);
		list = fopen(path, "re");
		free(path);
	}
	return list;
}
