/*
 * read_catalogue.h
 *
 * Reads the backups of a server, and where its files are, by running Barman.
 */
#ifndef BARMAN_READ_CATALOGUE_H
#define BARMAN_READ_CATALOGUE_H

#include "barman/read_cache.h"

extern Answer *read_backups(const ReadTarget *target, RunControl *control);
extern Answer *read_backup(const ReadTarget *target, RunControl *control);
extern Answer *read_directories(const ReadTarget *target, RunControl *control);

#endif /* BARMAN_READ_CATALOGUE_H */
