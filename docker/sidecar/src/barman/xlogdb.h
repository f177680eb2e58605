/*
 * xlogdb.h
 *
 * Barman's own list of the WAL that it has archived.
 */
#ifndef BARMAN_XLOGDB_H
#define BARMAN_XLOGDB_H

#include <stddef.h>

#include <jansson.h>

#include "barman/archive_listing.h"

/*
 * The segments that Barman lists and that are not in its archive, the oldest
 * first, at most so many: [ {name, before} ], before being the seconds since
 * 1970 of the newest one that is listed earlier.  Barman copies by this list,
 * and fails at them.
 */
extern json_t *xlogdb_missing(const char *server, const ArchiveListing *archive, size_t most);

#endif /* BARMAN_XLOGDB_H */
