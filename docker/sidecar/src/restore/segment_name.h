/*
 * segment_name.h
 *
 * WAL segments: their size and their names.
 */
#ifndef RESTORE_SEGMENT_NAME_H
#define RESTORE_SEGMENT_NAME_H

#include <stdint.h>

#include <jansson.h>

/* Of the server that was backed up; always a valid size, whatever is recorded */
extern int64_t restore_segment_size(const json_t *backup);

/* The segment of a timeline that holds a position */
extern void restore_segment_name(const json_t *backup, int timeline, uint64_t lsn, char name[25]);

/* NULL, or malloc'd text why the recorded size is invalid */
extern char *restore_segment_size_is_bad(const json_t *backup);

#endif /* RESTORE_SEGMENT_NAME_H */
