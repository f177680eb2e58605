/*
 * disk.h
 *
 * How full a file system is.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include <jansson.h>

/* {free_bytes, total_bytes} of where a path is or will be, or NULL */
extern json_t *disk_of_path(const char *path);

#endif							/* BASE_DISK_H */
