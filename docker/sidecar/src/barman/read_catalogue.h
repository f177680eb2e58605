/*
 * read_catalogue.h
 *
 * Reads the backups of a server by running Barman.
 */
#ifndef BARMAN_READ_CATALOGUE_H
#define BARMAN_READ_CATALOGUE_H

#include "barman/read_cache.h"

extern Answer *read_backups(const ReadTarget *target, RunControl *control);
extern Answer *read_backup(const ReadTarget *target, RunControl *control);

/* Reads the lists of all servers for those who ask next. */
extern Answer *read_all_lists(RunControl *control);

#endif /* BARMAN_READ_CATALOGUE_H */
