/*
 * file_areas.h
 *
 * Lists the areas in which Barman keeps a server's files: base, wals etc.
 */
#ifndef BARMAN_FILE_AREAS_H
#define BARMAN_FILE_AREAS_H

#include <stdbool.h>

#include "base/answer.h"

extern bool area_is_valid(const char *area);

/* {"files": [{name, bytes, modified, is_directory}], "truncated": bool} */
extern Answer *area_list_files(const char *server, const char *area);

/* {"disks": [{area, free_bytes, total_bytes}]} */
extern Answer *area_list_disks(const char *server);

#endif /* BARMAN_FILE_AREAS_H */
