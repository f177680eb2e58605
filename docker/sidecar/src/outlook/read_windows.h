/*
 * read_windows.h
 *
 * The reads of the cache, with those that need more than Barman's answers.
 */
#ifndef OUTLOOK_READ_WINDOWS_H
#define OUTLOOK_READ_WINDOWS_H

#include "barman/read_cache.h"

/* A ReadExecutor: as barman_read(), READ_WINDOWS and READ_WAL_SOURCES */
extern Answer *outlook_read(const ReadTarget *target, RunControl *control);

/*
 * The backups of a server as Barman listed them last, newest first, with what
 * is recorded of each; NULL: it has not listed them.
 */
extern json_t *outlook_backups(const char *server);

#endif /* OUTLOOK_READ_WINDOWS_H */
