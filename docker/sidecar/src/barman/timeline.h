/*
 * timeline.h
 *
 * Reads the history file of a timeline, as PostgreSQL writes it.
 */
#ifndef BARMAN_TIMELINE_H
#define BARMAN_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

/* An earlier timeline, and the position where it was left */
typedef struct TimelinePart
{
	int timeline;
	uint64_t end;
} TimelinePart;

/* malloc'd, the oldest first; NULL, and *count 0, if the text is no history */
extern TimelinePart *timeline_parse(const char *text, size_t *count);

/* The same for a file; NULL also if it is unreadable */
extern TimelinePart *timeline_read(const char *path, size_t *count);

#endif /* BARMAN_TIMELINE_H */
