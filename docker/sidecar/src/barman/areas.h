/*
 * areas.h
 *
 * The files of one area of a server, as Barman keeps them.
 */
#ifndef BARMAN_AREAS_H
#define BARMAN_AREAS_H

#include <stdbool.h>

#include "base/answer.h"

extern bool files_area_is_valid(const char *area);

/* {"files": [{name, bytes, modified, is_directory}], "truncated": bool} */
extern Answer *files_list(const char *server, const char *area);

/* The same of a directory; tests use it. */
extern json_t *files_list_directory(const char *path, bool backups_only);

#endif							/* BARMAN_AREAS_H */
