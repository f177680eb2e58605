/*
 * timeline.c
 *
 * Reads the history of a timeline: "parent<tab>position<tab>reason", a line
 * for each timeline before it.
 */
#include "timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance_files.h"
#include "memory.h"

TimelinePart *
timeline_read(const char *path, size_t *count)
{
	char	   *text = instance_files_read(path);
	TimelinePart *parts = timeline_parse(text, count);

	free(text);
	return parts;
}

TimelinePart *
timeline_parse(const char *text, size_t *count)
{
	TimelinePart *parts = NULL;

	*count = 0;
	for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n'))
	{
		unsigned int timeline;
		unsigned int high;
		unsigned int low;

		line += strspn(line, "\n");
		if (sscanf(line, "%u %X/%X", &timeline, &high, &low) != 3 || timeline == 0 || timeline > INT32_MAX)
			continue;
		parts = mem_realloc(parts, (*count + 1) * sizeof(TimelinePart));
		parts[*count].timeline = (int) timeline;
		parts[(*count)++].end = (uint64_t) high << 32 | low;
	}
	return parts;
}
