/*
 * disk.h
 *
 * How full the file systems are on which Barman keeps a server's files.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include "base/answer.h"

/* {"disks": [{area, free_bytes, total_bytes}]} */
extern Answer *disk_list(const char *server);

/* {free_bytes, total_bytes} of where a path is or will be, or NULL; tests use it. */
extern json_t *disk_of_path(const char *path);

#endif							/* BASE_DISK_H */
