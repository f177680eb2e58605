/*
 * disk.h
 *
 * The free space of a file system.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include <jansson.h>

/* {free_bytes, total_bytes} of the file system that holds or will hold path, or NULL */
extern json_t *disk_of_path(const char *path);

#endif /* BASE_DISK_H */
