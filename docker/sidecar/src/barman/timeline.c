/*
 * timeline.c
 *
 * Reads the history file of a timeline: "parent<tab>position<tab>reason", a
 * line for each earlier timeline.
 */
#include "barman/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/memory.h"

/* PostgreSQL writes one line per failover. */
#define TEXT_MAX (1024 * 1024)

TimelinePart *
timeline_read(const char *path, size_t *count)
{
	char *text = files_read(path);
	TimelinePart *parts = timeline_parse(text, count);

	free(text);
	return parts;
}

/* In linear time: the archived file may have any contents. */
TimelinePart *
timeline_parse(const char *text, size_t *count)
{
	TimelinePart *parts = NULL;

	*count = 0;
	if (text == NULL || strnlen(text, TEXT_MAX + 1) > TEXT_MAX)
		return NULL;
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
	{
		char head[64];
		size_t length = strcspn(line, "\n");
		unsigned int timeline;
		unsigned int high;
		unsigned int low;

		/* sscanf() measures the whole rest of its input */
		length = length < sizeof(head) - 1 ? length : sizeof(head) - 1;
		memcpy(head, line, length);
		head[length] = '\0';
		if (sscanf(head, "%u %X/%X", &timeline, &high, &low) != 3 || timeline == 0 ||
			timeline > INT32_MAX)
			continue;
		parts = mem_realloc(parts, (*count + 1) * sizeof(TimelinePart));
		parts[*count].timeline = (int) timeline;
		parts[(*count)++].end = (uint64_t) high << 32 | low;
	}
	return parts;
}
