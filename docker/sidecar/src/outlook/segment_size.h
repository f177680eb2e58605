/*
 * segment_size.h
 *
 * The size of a server's WAL segments, by its backups.
 */
#ifndef OUTLOOK_SEGMENT_SIZE_H
#define OUTLOOK_SEGMENT_SIZE_H

#include <stdint.h>

#include <jansson.h>

/* PostgreSQL's default if no backup tells it */
extern int64_t outlook_segment_size(const json_t *backups);

#endif /* OUTLOOK_SEGMENT_SIZE_H */
